#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace reeve::kernels {

/// The scene that a render task reads: prepared once at submission, addressed by its digest, and the only
/// scene input that the kernels know. Right-handed, y up, metres; colours are linear Rec. 709 radiance.
///
/// Every float must be finite and every index in range: `check_scene` says so, `decode_scene` insists.

using Float2 = std::array<float, 2>;
using Float3 = std::array<float, 3>;

/// A row-major 3x4 affine matrix: world = rows · (x, y, z, 1).
using Transform = std::array<float, 12>;

inline constexpr Transform kIdentityTransform{1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0};

/// Written into each blob; a decoder refuses any other.
inline constexpr std::uint32_t kSceneFormatVersion = 1;

/// An index that names nothing: a material without a texture.
inline constexpr std::uint32_t kNoTexture = 0xffffffffu;

/// Bounds that the decoder holds, so that a blob of a stranger costs bounded memory and time.
inline constexpr std::size_t kMaxSceneBytes = std::size_t{1} << 30;  // half of a small rig's memory
inline constexpr std::uint32_t kMaxMeshes = 1u << 16;                // scenes of thousands of parts fit
inline constexpr std::uint32_t kMaxMaterials = 1u << 16;             // at most one for each mesh
inline constexpr std::uint32_t kMaxTextures = 1u << 12;              // kMaxSceneBytes binds long before
inline constexpr std::uint32_t kMaxTextureSide = 1u << 14;           // what GPUs take as one image
inline constexpr std::uint32_t kMaxInstances = 1u << 18;             // forests of instances
inline constexpr std::uint32_t kMaxFrames = 1u << 18;                // three hours at 24 frames a second
inline constexpr std::uint32_t kMaxVertices = 1u << 26;              // of one mesh; fits the bytes above
inline constexpr std::uint32_t kMaxWorldTriangles = 1u << 24;        // all instances: 24 bits of tree depth
inline constexpr float kMaxCoordinate = 1e7f;  // keeps slab arithmetic finite after a transform
inline constexpr float kMaxRadiance = 1e6f;    // the sun's disc; far above what the sample clamp lets through

/// Triangles over shared vertices. normals and uvs are empty or as long as positions.
struct Mesh {
  std::vector<Float3> positions;
  std::vector<Float3> normals;         ///< empty: flat shading
  std::vector<Float2> uvs;             ///< empty: (0, 0); v grows downwards as in glTF
  std::vector<std::uint32_t> indices;  ///< three a triangle, counter-clockwise seen from outside
  std::uint32_t material = 0;
  bool operator==(const Mesh&) const = default;
};

enum class MaterialKind : std::uint32_t {
  kDiffuse = 0,   ///< Lambert: base colour
  kGlossy = 1,    ///< Lambert under a clear coat: base colour, roughness, ior (plastic, paint, glazed clay)
  kMetal = 2,     ///< GGX conductor: base colour is the reflectance at normal incidence, roughness
  kGlass = 3,     ///< smooth dielectric: ior; base colour tints what passes through
  kEmissive = 4,  ///< emits and does not reflect: emission
};

/// Any kind may emit beside what it reflects, through `emission`; kEmissive only emits.
struct Material {
  MaterialKind kind = MaterialKind::kDiffuse;
  Float3 base_color{0.8f, 0.8f, 0.8f};          ///< linear, each 0..1
  std::uint32_t base_texture = kNoTexture;      ///< multiplies base_color
  float roughness = 1;                          ///< 0..1, perceptual: the GGX alpha is its square
  float ior = 1.5f;                             ///< 1..4
  Float3 emission{0, 0, 0};                     ///< colour, linear, each 0..1
  float emission_strength = 0;                  ///< radiance = emission · strength, 0..kMaxRadiance
  std::uint32_t emission_texture = kNoTexture;  ///< multiplies emission
  bool operator==(const Material&) const = default;
};

/// 8-bit sRGB RGBA, rows from the top; alpha is carried and not used. Repeats in both directions.
struct Texture {
  std::uint32_t width = 0;
  std::uint32_t height = 0;
  std::vector<std::uint8_t> rgba;  ///< width · height · 4
  bool operator==(const Texture&) const = default;
};

struct Instance {
  std::uint32_t mesh = 0;
  std::vector<Transform> transforms;  ///< one (static) or one for each frame
  bool operator==(const Instance&) const = default;
};

struct Camera {
  Float3 eye{0, 0, 0};
  Float3 forward{0, 0, -1};           ///< any length but zero
  Float3 up{0, 1, 0};                 ///< not parallel to forward
  float vertical_fov_radians = 0.7f;  ///< 0.01..3
  float lens_radius = 0;              ///< metres; 0 is a pinhole
  float focus_distance = 1;           ///< metres along forward, > 0; unused by a pinhole
  bool operator==(const Camera&) const = default;
};

enum class EnvironmentKind : std::uint32_t {
  kGradient = 0,  ///< ground below, horizon, zenith above (all three equal: a constant sky)
  kTexture = 1,   ///< equirectangular texture · strength; the middle column is -z, the top row +y
};

struct Environment {
  EnvironmentKind kind = EnvironmentKind::kGradient;
  Float3 zenith{0.25f, 0.45f, 0.9f};
  Float3 horizon{0.8f, 0.85f, 0.9f};
  Float3 ground{0.25f, 0.22f, 0.2f};
  std::uint32_t texture = kNoTexture;           ///< for kTexture
  float strength = 1;                           ///< multiplies gradient and texture alike; 0..kMaxRadiance
  Float3 sun_direction{0, 1, 0};                ///< towards the sun; any length but zero
  Float3 sun_irradiance{0, 0, 0};               ///< on a surface that faces the sun; all zero: no sun
  float sun_angular_radius_radians = 0.00465f;  ///< 0..0.5; our sun's is 0.00465
  bool operator==(const Environment&) const = default;
};

struct Scene {
  std::uint32_t first_frame = 1;
  std::uint32_t frame_count = 1;
  std::vector<Camera> cameras;  ///< one (static) or one for each frame
  Environment environment;
  std::vector<Material> materials;
  std::vector<Texture> textures;
  std::vector<Mesh> meshes;
  std::vector<Instance> instances;
  bool operator==(const Scene&) const = default;
};

/// Whether the scene keeps every rule above; if not, `error` names the field, its value and the bound.
bool check_scene(const Scene& scene, std::string& error);

/// Little-endian bytes of the scene: equal scenes give equal bytes. The scene must pass `check_scene`.
std::vector<std::uint8_t> encode_scene(const Scene& scene);

/// Reads what `encode_scene` wrote. Refuses (false, with a reason in `error`) truncated, oversized or
/// trailing bytes, an unknown version and whatever `check_scene` refuses; memory is bounded by the input's
/// length. `scene` is unspecified after a refusal.
bool decode_scene(std::span<const std::uint8_t> bytes, Scene& scene, std::string& error);

}  // namespace reeve::kernels
