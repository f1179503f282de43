#include <errno.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/statvfs.h>

// Values that Swift does not import because they are casts or expressions in macros.
static inline int shim_eventfd_flags(void) { return EFD_CLOEXEC | EFD_NONBLOCK; }
static inline int shim_readable_bytes(int descriptor) {
    int count = 0;
    return ioctl(descriptor, FIONREAD, &count) == 0 ? count : -1;
}
// prctl is variadic. Both are about the calling thread: its name, and by how many nanoseconds its sleeps may be late.
static inline int shim_name_thread(const char *name) { return prctl(PR_SET_NAME, name, 0, 0, 0); }
static inline int shim_timer_slack(unsigned long nanoseconds) { return prctl(PR_SET_TIMERSLACK, nanoseconds, 0, 0, 0); }
// For Linux a priority is of a thread, and 0 the calling one.
static inline int shim_lower_thread(int niceness) { return setpriority(PRIO_PROCESS, 0, niceness); }
// Columns of the terminal behind a descriptor; 0 where there is none.
static inline int shim_terminal_columns(int descriptor) {
    struct winsize size;
    return ioctl(descriptor, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

// CRC-32C of words of eight bytes by the processor's own instruction, where it has one; `crc` is inverted by the caller.
#if defined(__x86_64__)
#include <cpuid.h>
static inline int shim_has_crc32c(void) {
    unsigned a, b, c, d;
    return __get_cpuid(1, &a, &b, &c, &d) && (c & bit_SSE4_2);
}
__attribute__((target("crc32"))) static inline unsigned shim_crc32c(unsigned crc, const void *bytes, long words) {
    unsigned long long value = crc, word;
    const char *at = (const char *)bytes;
    for (; words > 0; words--, at += 8) {
        __builtin_memcpy(&word, at, 8);
        value = __builtin_ia32_crc32di(value, word);
    }
    return (unsigned)value;
}
#elif defined(__aarch64__)
#include <sys/auxv.h>
static inline int shim_has_crc32c(void) { return (getauxval(AT_HWCAP) & (1 << 7)) != 0; }
__attribute__((target("crc"))) static inline unsigned shim_crc32c(unsigned crc, const void *bytes, long words) {
    unsigned long long word;
    const char *at = (const char *)bytes;
    for (; words > 0; words--, at += 8) {
        __builtin_memcpy(&word, at, 8);
        crc = __builtin_arm_crc32cd(crc, word);
    }
    return crc;
}
#else
static inline int shim_has_crc32c(void) { return 0; }
static inline unsigned shim_crc32c(unsigned crc, const void *bytes, long words) { (void)bytes; (void)words; return crc; }
#endif
