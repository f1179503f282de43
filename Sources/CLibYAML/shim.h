#include <features.h>

// yaml.h includes stdlib.h, which with these two draws in sys/types.h. Swift would then take pthread_attr_t, sigset_t and
// others for members of this module, in every target that depends on it, and ask for its import.
#pragma push_macro("__USE_MISC")
#pragma push_macro("__USE_XOPEN_EXTENDED")
#undef __USE_MISC
#undef __USE_XOPEN_EXTENDED
#include <yaml.h>
#pragma pop_macro("__USE_XOPEN_EXTENDED")
#pragma pop_macro("__USE_MISC")
