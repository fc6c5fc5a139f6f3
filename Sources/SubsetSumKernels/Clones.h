#pragma once

// One variant for each kind of CPU. The thread sanitizer's calls in a clone's resolver run before the sanitizer does: none then.
#if defined(__x86_64__) && !__has_feature(thread_sanitizer)
#define CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define CLONES
#endif
