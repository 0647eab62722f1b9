#pragma once

#include <algorithm>
#include <array>
#include <filesystem>
#include <string_view>

#include "protocol/result.h"

/// What a sandbox puts over an image: bubblewrap follows links on the way to the places of its mounts, so
/// each of them is a real folder or file of the image's root, and nobody's link.
namespace reeve::agent::image {

enum class PlaceKind { kFolder, kFile };
struct Place {
  std::string_view path;  // absolute, within the root
  PlaceKind kind;
};
inline constexpr std::array kPlaces{Place{"/proc", PlaceKind::kFolder},
                                    Place{"/dev", PlaceKind::kFolder},
                                    Place{"/tmp", PlaceKind::kFolder},
                                    Place{"/session", PlaceKind::kFolder},
                                    Place{"/.reeve-gpu", PlaceKind::kFolder},
                                    Place{"/compare/a", PlaceKind::kFolder},
                                    Place{"/compare/b", PlaceKind::kFolder},
                                    Place{"/etc/passwd", PlaceKind::kFile},
                                    Place{"/etc/group", PlaceKind::kFile},
                                    Place{"/etc/hosts", PlaceKind::kFile},
                                    Place{"/etc/nsswitch.conf", PlaceKind::kFile},
                                    Place{"/.reeve-init", PlaceKind::kFile},
                                    Place{"/.reeve-launch", PlaceKind::kFile},
                                    Place{"/.reeve-hosts", PlaceKind::kFile}};

/// True of what can be mounted over an image.
constexpr bool is_place(std::string_view path) {
  return std::any_of(kPlaces.begin(), kPlaces.end(),
                     [path](const Place& place) { return place.path == path; });
}

/// Makes the places in a root that nobody else is at work in, and /var/tmp a link to /tmp. Whatever else
/// stood there is gone. Errors: kInvalid where the way to one leads over a link or a file; kIo.
Result<void> make_places(const std::filesystem::path& root);

/// Whether every place is what make_places made. Errors: kCorrupt.
Result<void> check_places(const std::filesystem::path& root);

}  // namespace reeve::agent::image
