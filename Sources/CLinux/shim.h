#include <errno.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/statvfs.h>

// Values that Swift does not import because they are casts or expressions in macros.
static inline int shim_eventfd_flags(void) { return EFD_CLOEXEC | EFD_NONBLOCK; }
static inline int shim_readable_bytes(int descriptor) {
    int count = 0;
    return ioctl(descriptor, FIONREAD, &count) == 0 ? count : -1;
}
