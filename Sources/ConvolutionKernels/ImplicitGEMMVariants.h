// The kernels of one element type (TYPE, SCALAR, INTEGER), by vector width and panel width.
#define SUFFIX portable2
#define BYTES 16
#define VECTORS 2
#define MOST 6
#define TARGET 
#include "ImplicitGEMMBlock.h"
#undef SUFFIX
#undef BYTES
#undef VECTORS
#undef MOST
#undef TARGET

#define SUFFIX portable1
#define BYTES 16
#define VECTORS 1
#define MOST 8
#define TARGET 
#include "ImplicitGEMMBlock.h"
#undef SUFFIX
#undef BYTES
#undef VECTORS
#undef MOST
#undef TARGET

#if defined(__x86_64__)
#define SUFFIX avx512x2
#define BYTES 64
#define VECTORS 2
#define MOST 8
#define TARGET __attribute__((target("avx512f,avx512vl,avx512dq,fma")))
#include "ImplicitGEMMBlock.h"
#undef SUFFIX
#undef BYTES
#undef VECTORS
#undef MOST
#undef TARGET

#define SUFFIX avx512x1
#define BYTES 64
#define VECTORS 1
#define MOST 8
#define TARGET __attribute__((target("avx512f,avx512vl,avx512dq,fma")))
#include "ImplicitGEMMBlock.h"
#undef SUFFIX
#undef BYTES
#undef VECTORS
#undef MOST
#undef TARGET

#define SUFFIX avx512half
#define BYTES 32
#define VECTORS 1
#define MOST 8
#define TARGET __attribute__((target("avx512f,avx512vl,avx512dq,fma")))
#include "ImplicitGEMMBlock.h"
#undef SUFFIX
#undef BYTES
#undef VECTORS
#undef MOST
#undef TARGET

#define SUFFIX avx2x2
#define BYTES 32
#define VECTORS 2
#define MOST 6
#define TARGET __attribute__((target("avx2,fma")))
#include "ImplicitGEMMBlock.h"
#undef SUFFIX
#undef BYTES
#undef VECTORS
#undef MOST
#undef TARGET

#define SUFFIX avx2x1
#define BYTES 32
#define VECTORS 1
#define MOST 8
#define TARGET __attribute__((target("avx2,fma")))
#include "ImplicitGEMMBlock.h"
#undef SUFFIX
#undef BYTES
#undef VECTORS
#undef MOST
#undef TARGET

#define SUFFIX avx2half
#define BYTES 16
#define VECTORS 1
#define MOST 8
#define TARGET __attribute__((target("avx2,fma")))
#include "ImplicitGEMMBlock.h"
#undef SUFFIX
#undef BYTES
#undef VECTORS
#undef MOST
#undef TARGET
#endif
