#pragma once

#include <string>
#include <vector>

#include "protocol/archive.h"

namespace reeve::agent::image {

/// What a program must be told of the image it runs in. Stored beside the root.
struct Facts {
  std::vector<std::string> environment;  // NAME=VALUE
};
template <class A>
void fields(A& a, Facts& f) {
  a(f.environment);
}

/// In an image's folder: its root, and its facts in the encoding of protocol/archive.h.
inline constexpr const char* kRootName = "rootfs";
inline constexpr const char* kFactsName = "facts";

}  // namespace reeve::agent::image
