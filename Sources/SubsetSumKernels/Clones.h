#pragma once

// Makes a variant of a function for each kind of CPU. The function that chooses among them runs
// before the thread sanitizer does, and would call it, so there are no variants under that
// sanitizer.
#if defined(__x86_64__) && !__has_feature(thread_sanitizer)
#define CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define CLONES
#endif
