#include "client/scene/import_materials.h"

#include <assimp/GltfMaterial.h>
#include <assimp/material.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <map>

#include "client/scene/texture_decode.h"

namespace reeve::client {
namespace {

namespace fs = std::filesystem;

/// Below this a dielectric's clear coat shows; above it looks as Lambert's.
constexpr float kGlossyRoughness = 0.8F;

float unit(float value) {
  return value > 0 ? std::min(value, 1.F) : 0;
}

kernels::Float3 unit_colour(const aiColor4D& c) {
  return {unit(c.r), unit(c.g), unit(c.b)};
}

Result<std::vector<std::byte>> read_file(const fs::path& path, std::uintmax_t max_bytes) {
  std::error_code failed;
  const std::uintmax_t size_bytes = fs::file_size(path, failed);
  if (failed) {
    return Error{ErrorCode::kNotFound, "the texture " + path.string() + " is missing",
                 "put it beside the scene, or export the scene as one .glb file"};
  }
  if (size_bytes > max_bytes) {
    return Error{
        ErrorCode::kInvalid,
        "the texture " + path.string() + " exceeds the bound of " + std::to_string(max_bytes) + " bytes",
        "make it smaller"};
  }
  std::vector<std::byte> bytes(size_bytes);
  std::ifstream file(path, std::ios::binary);
  file.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  bytes.resize(static_cast<std::size_t>(file.gcount()));
  return bytes;
}

/// Decodes each texture that a material asks for once, whatever the number of materials that use it.
class TextureShelf {
 public:
  TextureShelf(const aiScene& source, const fs::path& folder, const ImportOptions& options,
               kernels::Scene& scene)
      : source_(source), folder_(folder), options_(options), scene_(scene) {}

  Result<std::uint32_t> index_of(const std::string& reference) {
    const auto known = indices_.find(reference);
    if (known != indices_.end()) return known->second;
    auto texture = decode(reference);
    if (!texture) return texture.error();
    held_bytes_ += texture->rgba.size();
    if (held_bytes_ > options_.max_texture_bytes) {
      return Error{ErrorCode::kInvalid,
                   "its textures take more than " + std::to_string(options_.max_texture_bytes) + " bytes",
                   "scale the textures down"};
    }
    scene_.textures.push_back(std::move(texture).value());
    const auto index = static_cast<std::uint32_t>(scene_.textures.size() - 1);
    indices_.emplace(reference, index);
    return index;
  }

  Result<kernels::Texture> decode(const std::string& reference) const {
    const aiTexture* embedded = source_.GetEmbeddedTexture(reference.c_str());
    if (embedded == nullptr) {
      const auto bytes = read_file(folder_ / reference, options_.max_file_bytes);
      if (!bytes) return bytes.error();
      return decode_texture(*bytes, reference, options_.max_texture_side_pixels);
    }
    if (embedded->mHeight != 0) {
      return Error{ErrorCode::kInvalid, "texture " + reference + " is stored as raw texels",
                   "embed textures as PNG or JPEG"};
    }
    const std::span<const std::byte> bytes(reinterpret_cast<const std::byte*>(embedded->pcData),
                                           embedded->mWidth);
    return decode_texture(bytes, reference, options_.max_texture_side_pixels);
  }

 private:
  const aiScene& source_;
  const fs::path& folder_;
  const ImportOptions& options_;
  kernels::Scene& scene_;
  std::map<std::string, std::uint32_t> indices_;
  std::uint64_t held_bytes_ = 0;
};

/// The texture of a kind that a material names, or nothing.
std::string reference_of(const aiMaterial& source, aiTextureType type, unsigned slot) {
  aiString path;
  return source.GetTexture(type, slot, &path) == AI_SUCCESS ? path.C_Str() : std::string();
}

float factor(const aiMaterial& source, const char* key, unsigned type, unsigned index, float otherwise) {
  ai_real value = otherwise;
  return source.Get(key, type, index, value) == AI_SUCCESS ? static_cast<float>(value) : otherwise;
}

/// The kernel knows one roughness and one kind for a material: a texture of them counts by its mean.
/// Returns {roughness (green), metallic (blue)}, each 0..1.
std::array<float, 2> mean_of(const kernels::Texture& texture) {
  std::uint64_t green = 0;
  std::uint64_t blue = 0;
  for (std::size_t i = 0; i + 3 < texture.rgba.size(); i += 4) {
    green += texture.rgba[i + 1];
    blue += texture.rgba[i + 2];
  }
  const double scale = 255.0 * static_cast<double>(std::max<std::size_t>(texture.rgba.size() / 4, 1));
  return {static_cast<float>(static_cast<double>(green) / scale),
          static_cast<float>(static_cast<double>(blue) / scale)};
}

kernels::MaterialKind kind_of(const kernels::Material& look, float metallic, float transmission) {
  const bool black = std::max({look.base_color[0], look.base_color[1], look.base_color[2]}) <= 0;
  if (look.emission_strength > 0 && black) return kernels::MaterialKind::kEmissive;
  if (metallic >= 0.5F) return kernels::MaterialKind::kMetal;
  if (transmission >= 0.5F) return kernels::MaterialKind::kGlass;
  return look.roughness < kGlossyRoughness ? kernels::MaterialKind::kGlossy : kernels::MaterialKind::kDiffuse;
}

void take_emission(const aiMaterial& source, const GltfDocument& document, kernels::Material& look) {
  aiColor3D emission(0, 0, 0);
  source.Get(AI_MATKEY_COLOR_EMISSIVE, emission);
  const float brightest = std::max({emission.r, emission.g, emission.b});
  if (!(brightest > 0)) return;
  const auto strength = document.emissive_strengths.find(source.GetName().C_Str());
  // Older files write a factor over 1 where later ones write a strength.
  const float scale = std::max(brightest, 1.F);
  look.emission = {unit(emission.r / scale), unit(emission.g / scale), unit(emission.b / scale)};
  look.emission_strength = scale * (strength == document.emissive_strengths.end() ? 1.F : strength->second);
}

/// An unlit material shows its colour whatever the light: it emits it.
void take_unlit(kernels::Material& look) {
  look.kind = kernels::MaterialKind::kEmissive;
  look.emission = look.base_color;
  look.emission_texture = look.base_texture;
  look.emission_strength = 1;
  look.base_color = {0, 0, 0};
  look.base_texture = kernels::kNoTexture;
}

Result<kernels::Material> import_material(const aiMaterial& source, const GltfDocument& document,
                                          TextureShelf& shelf) {
  kernels::Material look;
  aiColor4D base(1, 1, 1, 1);
  source.Get(AI_MATKEY_BASE_COLOR, base);
  look.base_color = unit_colour(base);
  look.roughness = factor(source, AI_MATKEY_ROUGHNESS_FACTOR, 1);
  look.ior = std::clamp(factor(source, AI_MATKEY_REFRACTI, 1.5F), 1.F, 4.F);
  float metallic = factor(source, AI_MATKEY_METALLIC_FACTOR, 1);
  take_emission(source, document, look);

  const std::string surface =
      reference_of(source, AI_MATKEY_GLTF_PBRMETALLICROUGHNESS_METALLICROUGHNESS_TEXTURE);
  if (!surface.empty()) {
    const auto texture = shelf.decode(surface);
    if (!texture) return texture.error();
    const auto [roughness_mean, metallic_mean] = mean_of(*texture);
    look.roughness *= roughness_mean;
    metallic *= metallic_mean;
  }
  look.roughness = unit(look.roughness);
  const std::pair<std::string, std::uint32_t*> shown[] = {
      {reference_of(source, AI_MATKEY_BASE_COLOR_TEXTURE), &look.base_texture},
      {look.emission_strength > 0 ? reference_of(source, aiTextureType_EMISSIVE, 0) : std::string(),
       &look.emission_texture}};
  for (const auto& [reference, slot] : shown) {
    if (reference.empty()) continue;
    const auto index = shelf.index_of(reference);
    if (!index) return index.error();
    *slot = *index;
  }
  look.kind = kind_of(look, metallic, factor(source, AI_MATKEY_TRANSMISSION_FACTOR, 0));
  int shading = 0;
  if (source.Get(AI_MATKEY_SHADING_MODEL, shading) == AI_SUCCESS && shading == aiShadingMode_Unlit)
    take_unlit(look);
  return look;
}

void note_approximations(const aiMaterial& source, std::vector<std::string>& notes) {
  const std::string name = source.GetName().C_Str();
  aiString mode;
  if (source.Get(AI_MATKEY_GLTF_ALPHAMODE, mode) == AI_SUCCESS && std::string(mode.C_Str()) != "OPAQUE") {
    notes.push_back("material " + name + ": transparency by alpha is not supported; it is opaque");
  }
  if (source.GetTextureCount(aiTextureType_NORMALS) > 0) {
    notes.push_back("material " + name + ": its normal map is left out");
  }
}

}  // namespace

Result<void> import_materials(const aiScene& source, const GltfDocument& document, const fs::path& folder,
                              const ImportOptions& options, kernels::Scene& scene,
                              std::vector<std::string>& notes) {
  TextureShelf shelf(source, folder, options, scene);
  for (unsigned i = 0; i < source.mNumMaterials; ++i) {
    auto look = import_material(*source.mMaterials[i], document, shelf);
    if (!look) return look.error();
    scene.materials.push_back(*look);
    note_approximations(*source.mMaterials[i], notes);
  }
  return {};
}

}  // namespace reeve::client
