#include "agent/image/unpack.h"

#include <fstream>

#include "agent/image/bounds.h"
#include "agent/image/facts.h"
#include "agent/image/layer.h"
#include "agent/image/manifest.h"
#include "agent/image/places.h"
#include "protocol/digest.h"

namespace reeve::agent::image {
namespace {

Result<void> apply(const BlobArchive& archive, const LayerRef& layer, std::size_t number, RootFolder& root,
                   Budget& budget) {
  const std::string who = "layer " + std::to_string(number);
  const auto stored = archive.stream(layer.name);
  if (!stored) return stored.error();
  const auto found = apply_layer(*stored, root, budget);
  if (!found) return Error{found.error().code, who + ": " + found.error().message, found.error().hint};
  if (layer.stored && *layer.stored != found->stored)
    return broken(who + " has the digest " + to_hex(found->stored) + ", its manifest says " +
                  to_hex(*layer.stored));
  if (layer.unpacked != found->unpacked)
    return broken(who + " unpacks to the digest " + to_hex(found->unpacked) + ", its configuration says " +
                  to_hex(layer.unpacked));
  return {};
}

}  // namespace

Result<void> unpack_image(const std::filesystem::path& path, const std::filesystem::path& folder,
                          std::uint64_t most_bytes) {
  const auto archive = BlobArchive::open(path);
  if (!archive) return archive.error();
  const auto manifest = read_manifest(*archive);
  if (!manifest) return manifest.error();
  auto root = RootFolder::make(folder / kRootName);
  if (!root) return root.error();
  Budget budget{bounds::kEntries, most_bytes, most_bytes};
  for (std::size_t i = 0; i < manifest->layers.size(); ++i) {
    if (auto applied = apply(*archive, manifest->layers[i], i + 1, *root, budget); !applied) return applied;
  }
  if (auto made = make_places(folder / kRootName); !made) return made;
  const Bytes facts = to_archive(Facts{manifest->environment});
  std::ofstream out(folder / kFactsName, std::ios::binary);
  out.write(reinterpret_cast<const char*>(facts.data()), static_cast<std::streamsize>(facts.size()));
  out.close();
  if (!out)
    return Error{ErrorCode::kIo, "cannot write what is known of an image", "look at the agent's disk"};
  return {};
}

}  // namespace reeve::agent::image
