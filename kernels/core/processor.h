#pragma once

namespace reeve::kernels {

inline bool runs_anywhere() {
  return true;
}

#if defined(__x86_64__)
/// Whether this processor runs x86-64-v3: the features that distinguish processors in the field; the level's
/// other ones come with them.
inline bool runs_v3() {
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi2");
}
inline bool runs_v4() {
  return runs_v3() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
         __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
         __builtin_cpu_supports("avx512cd");
}
#endif

}  // namespace reeve::kernels
