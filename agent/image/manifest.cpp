#include "agent/image/manifest.h"

#include <nlohmann/json.hpp>
#include <set>

#include "agent/image/bounds.h"
#include "protocol/digest.h"

namespace reeve::agent::image {
namespace {

using Json = nlohmann::json;

/// As images name this machine (GOARCH).
#if defined(__aarch64__)
constexpr const char* kArchitecture = "arm64";
#else
constexpr const char* kArchitecture = "amd64";
#endif
constexpr std::string_view kSha256 = "sha256:";

const Json& at(const Json& object, const char* key) {
  static const Json nothing;
  if (!object.is_object()) return nothing;
  const auto member = object.find(key);
  return member == object.end() ? nothing : *member;
}

std::string text(const Json& object, const char* key) {
  const Json& member = at(object, key);
  return member.is_string() ? member.get<std::string>() : std::string();
}

bool read_digest(const std::string& said, Digest& digest) {
  return said.starts_with(kSha256) && from_hex(said.substr(kSha256.size()), digest.bytes);
}

Result<Json> parse(const std::string& document, const std::string& name) {
  Json json = Json::parse(document, nullptr, false);
  if (json.is_discarded()) return broken("'" + name + "' is no JSON");
  return json;
}

Result<Json> read_json(const BlobArchive& archive, const std::string& name) {
  const auto document = archive.document(name);
  if (!document) return document.error();
  return parse(*document, name);
}

/// The blob that a descriptor names.
struct Blob {
  std::string name;
  Digest digest;
};

Result<Blob> blob_of(const Json& descriptor, const std::string& who) {
  Blob blob;
  const std::string said = text(descriptor, "digest");
  if (!read_digest(said, blob.digest))
    return broken(who + " has the digest '" + said.substr(0, 80) + "', which is no sha256");
  blob.name = "blobs/sha256/" + to_hex(blob.digest);
  return blob;
}

Result<Json> read_blob(const BlobArchive& archive, const Blob& blob) {
  const auto document = archive.document(blob.name);
  if (!document) return document.error();
  const Digest found = sha256(as_bytes(*document));
  if (found != blob.digest) return broken("'" + blob.name + "' has the digest " + to_hex(found));
  return parse(*document, blob.name);
}

bool names_platform(const Json& descriptor) {
  return at(descriptor, "platform").is_object();
}

bool is_ours(const Json& descriptor) {
  const Json& platform = at(descriptor, "platform");
  return text(platform, "os") == "linux" && text(platform, "architecture") == kArchitecture;
}

/// "linux/arm64, linux/s390x"
std::string platforms_of(const Json& index) {
  std::set<std::string> names;
  for (const Json& descriptor : at(index, "manifests"))
    names.insert(text(at(descriptor, "platform"), "os") + "/" +
                 text(at(descriptor, "platform"), "architecture"));
  std::string all;
  for (const std::string& name : names)
    all += (all.empty() ? "" : ", ") + name.substr(0, 40);
  return all.substr(0, 200);
}

/// Of an index the one entry that this machine can run: that of its platform, or of none.
Result<Blob> choose(const Json& index, const std::string& name) {
  const Json& manifests = at(index, "manifests");
  if (!manifests.is_array() || manifests.empty()) return broken("'" + name + "' names no manifest");
  std::optional<Blob> chosen;
  for (const bool with_platform : {true, false}) {
    for (const Json& descriptor : manifests) {
      if (names_platform(descriptor) != with_platform || (with_platform && !is_ours(descriptor))) continue;
      auto blob = blob_of(descriptor, "an entry of '" + name + "'");
      if (!blob) return blob.error();
      if (chosen && chosen->digest != blob->digest)
        return broken("'" + name + "' names several images for this machine; save one alone");
      chosen = std::move(blob).value();
    }
    if (chosen) return *chosen;
  }
  return broken(std::string("it is for ") + platforms_of(index) + "; this machine runs linux/" +
                kArchitecture);
}

/// Follows indexes down to a manifest.
Result<Json> find_manifest(const BlobArchive& archive) {
  auto json = read_json(archive, "index.json");
  std::string name = "index.json";
  for (int depth = 0; json && at(json.value(), "manifests").is_array(); ++depth) {
    if (depth == bounds::kIndexesDeep)
      return broken("its indexes name indexes, more than " + std::to_string(bounds::kIndexesDeep) + " deep");
    const auto blob = choose(*json, name);
    if (!blob) return blob.error();
    name = blob->name;
    json = read_blob(archive, *blob);
  }
  return json;
}

Result<void> take_environment(const Json& config, Manifest& manifest) {
  std::size_t bytes = 0;
  for (const Json& variable : at(at(config, "config"), "Env")) {
    if (!variable.is_string()) return broken("a variable of its configuration is no text");
    const auto said = variable.get<std::string>();
    const std::size_t equals = said.find('=');
    if (equals == std::string::npos || equals == 0 || said.find('\0') != std::string::npos) continue;
    bytes += said.size();
    manifest.environment.push_back(said);
  }
  if (manifest.environment.size() > bounds::kVariables || bytes > bounds::kVariableBytes)
    return broken("its configuration has " + std::to_string(manifest.environment.size()) + " variables of " +
                  std::to_string(bytes) + " bytes; at most " + std::to_string(bounds::kVariables) + " of " +
                  std::to_string(bounds::kVariableBytes) + " are taken");
  return {};
}

/// What the configuration says of the layers, which it lists too.
Result<void> take_config(const Json& config, Manifest& manifest) {
  const std::string os = text(config, "os");
  const std::string architecture = text(config, "architecture");
  if (os != "linux" || architecture != kArchitecture)
    return broken("it is for " + (os + "/" + architecture).substr(0, 80) + "; this machine runs linux/" +
                  kArchitecture);
  const Json& digests = at(at(config, "rootfs"), "diff_ids");
  if (!digests.is_array() || digests.size() != manifest.layers.size())
    return broken("its configuration and its manifest differ in the number of layers");
  for (std::size_t i = 0; i < digests.size(); ++i)
    if (!digests[i].is_string() || !read_digest(digests[i].get<std::string>(), manifest.layers[i].unpacked))
      return broken("the diff_id of layer " + std::to_string(i + 1) + " is no sha256");
  return take_environment(config, manifest);
}

Result<void> check_layers(const Json& layers) {
  if (!layers.is_array()) return broken("its manifest has no layers");
  if (layers.size() > bounds::kLayers)
    return broken("it has " + std::to_string(layers.size()) + " layers; at most " +
                  std::to_string(bounds::kLayers) + " are taken");
  return {};
}

Result<Manifest> read_oci(const BlobArchive& archive) {
  const auto json = find_manifest(archive);
  if (!json) return json.error();
  const Json& layers = at(*json, "layers");
  if (auto good = check_layers(layers); !good) return good.error();
  Manifest manifest;
  for (const Json& layer : layers) {
    const std::string who = "layer " + std::to_string(manifest.layers.size() + 1);
    if (text(layer, "mediaType").ends_with("+encrypted")) return broken(who + " is encrypted");
    auto blob = blob_of(layer, who);
    if (!blob) return blob.error();
    manifest.layers.push_back({blob->name, blob->digest, {}});
  }
  const auto blob = blob_of(at(*json, "config"), "its configuration");
  if (!blob) return blob.error();
  const auto config = read_blob(archive, *blob);
  if (!config) return config.error();
  if (auto taken = take_config(*config, manifest); !taken) return taken.error();
  return manifest;
}

/// Source: docker's image specification 1.2, "Combined Image JSON + Filesystem Changeset Format".
Result<Manifest> read_docker(const BlobArchive& archive) {
  const auto json = read_json(archive, "manifest.json");
  if (!json) return json.error();
  if (!json->is_array() || json->size() != 1)
    return broken("'manifest.json' names " + std::to_string(json->is_array() ? json->size() : 0) +
                  " images; save one alone");
  const Json& image = json->front();
  const Json& layers = at(image, "Layers");
  if (auto good = check_layers(layers); !good) return good.error();
  Manifest manifest;
  for (const Json& layer : layers) {
    if (!layer.is_string()) return broken("the name of a layer is no text");
    manifest.layers.push_back({layer.get<std::string>(), std::nullopt, {}});
  }
  const auto config = read_json(archive, text(image, "Config"));
  if (!config) return config.error();
  if (auto taken = take_config(*config, manifest); !taken) return taken.error();
  return manifest;
}

}  // namespace

Result<Manifest> read_manifest(const BlobArchive& archive) {
  if (archive.has("index.json")) return read_oci(archive);
  if (archive.has("manifest.json")) return read_docker(archive);
  return broken("its archive has neither an index.json nor a manifest.json");
}

}  // namespace reeve::agent::image
