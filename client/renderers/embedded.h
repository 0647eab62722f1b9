#pragma once

#include <string_view>

namespace reeve::client {

// Files of this folder, as they are.
std::string_view blender_yaml();
std::string_view povray_yaml();
std::string_view film_yaml();
std::string_view needed_files_py();

}  // namespace reeve::client
