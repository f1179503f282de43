#include <errno.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
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
// Columns of the terminal behind a descriptor; 0 where there is none.
static inline int shim_terminal_columns(int descriptor) {
    struct winsize size;
    return ioctl(descriptor, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}
