// Highway set-up shared by the kernel files; include before hwy/foreach_target.h.
//
// Natively each kernel is compiled for SSE4, AVX2 and AVX-512 and chosen at run time; what is between
// gains nothing here and costs build time. A processor without SSE4 gets Highway's baseline, which is
// scalar in Highway 1.0.3. In WASM there is one target.
#pragma once

#include <hwy/detect_targets.h>

#if defined(__x86_64__) || defined(_M_X64)
#undef HWY_DISABLED_TARGETS
#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_AVX3_DL)
#endif
