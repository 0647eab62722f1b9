#include "client/scene/import_gltf.h"

#include <assimp/config.h>
#include <assimp/postprocess.h>
#include <assimp/scene.h>

#include <assimp/Importer.hpp>
#include <exception>
#include <map>

#include "client/scene/gltf_document.h"
#include "client/scene/import_materials.h"
#include "client/scene/import_views.h"
#include "client/scene/node_motion.h"

namespace reeve::client {
namespace {

namespace fs = std::filesystem;
using kernels::Scene;

Result<void> check_options(const ImportOptions& options) {
  if (options.first_frame < 1 || options.last_frame < options.first_frame ||
      options.last_frame - options.first_frame >= kernels::kMaxFrames) {
    return Error{ErrorCode::kInvalid,
                 "frames " + std::to_string(options.first_frame) + "-" + std::to_string(options.last_frame) +
                     " are no range that starts at 1 or later and holds at most " +
                     std::to_string(kernels::kMaxFrames) + " frames",
                 "give frames as FIRST-LAST, for instance 1-48"};
  }
  if (!(options.frames_per_second > 0 && options.frames_per_second <= 1000)) {
    return Error{ErrorCode::kInvalid, "frames_per_second = " + std::to_string(options.frames_per_second),
                 "give a number over 0 and at most 1000"};
  }
  return {};
}

/// Whether three corners span an area; what does not can hide nothing and light nothing.
bool has_area(const aiMesh& mesh, const aiFace& face) {
  const aiVector3D& a = mesh.mVertices[face.mIndices[0]];
  const aiVector3D normal = (mesh.mVertices[face.mIndices[1]] - a) ^ (mesh.mVertices[face.mIndices[2]] - a);
  return normal.SquareLength() > 0;
}

kernels::Mesh import_mesh(const aiMesh& source) {
  kernels::Mesh mesh;
  mesh.material = source.mMaterialIndex;
  for (unsigned i = 0; i < source.mNumVertices; ++i) {
    const aiVector3D& p = source.mVertices[i];
    mesh.positions.push_back({p.x, p.y, p.z});
    if (source.HasNormals())
      mesh.normals.push_back({source.mNormals[i].x, source.mNormals[i].y, source.mNormals[i].z});
    // assimp lets v grow upwards; glTF and the kernel let it grow downwards.
    if (source.HasTextureCoords(0))
      mesh.uvs.push_back({source.mTextureCoords[0][i].x, 1 - source.mTextureCoords[0][i].y});
  }
  for (unsigned i = 0; i < source.mNumFaces; ++i) {
    const aiFace& face = source.mFaces[i];
    if (face.mNumIndices == 3 && has_area(source, face))
      mesh.indices.insert(mesh.indices.end(), face.mIndices, face.mIndices + 3);
  }
  return mesh;
}

/// Meshes in the order in which the node tree first names them, each once, and an instance for each place.
void import_instances(const aiScene& source, const std::vector<NodeMotion>& motions, Scene& scene) {
  std::map<unsigned, std::uint32_t> indices;
  for (const NodeMotion& motion : motions) {
    for (unsigned i = 0; i < motion.node->mNumMeshes; ++i) {
      const unsigned name = motion.node->mMeshes[i];
      const auto [known, is_new] = indices.try_emplace(name, static_cast<std::uint32_t>(scene.meshes.size()));
      if (is_new) scene.meshes.push_back(import_mesh(*source.mMeshes[name]));
      if (scene.meshes[known->second].indices.empty()) continue;
      kernels::Instance instance;
      instance.mesh = known->second;
      for (const aiMatrix4x4& world : motion.world)
        instance.transforms.push_back(to_transform(world));
      scene.instances.push_back(std::move(instance));
    }
  }
}

Result<Scene> import_scene(const fs::path& path, const GltfDocument& document, const ImportOptions& options,
                           std::vector<std::string>& notes) {
  Assimp::Importer importer;
  importer.SetPropertyInteger(AI_CONFIG_PP_SBP_REMOVE, aiPrimitiveType_POINT | aiPrimitiveType_LINE);
  const aiScene* source = importer.ReadFile(
      path.string(), aiProcess_Triangulate | aiProcess_SortByPType | aiProcess_ValidateDataStructure);
  if (source == nullptr || source->mRootNode == nullptr) {
    return Error{ErrorCode::kInvalid, std::string("it cannot be read as glTF: ") + importer.GetErrorString(),
                 "export the scene again, or check it with a glTF validator"};
  }
  Scene scene;
  scene.first_frame = options.first_frame;
  scene.frame_count = options.last_frame - options.first_frame + 1;
  const auto motions = sample_nodes(*source, options);
  if (!motions) return motions.error();
  if (auto done = import_materials(*source, document, path.parent_path(), options, scene, notes); !done)
    return done.error();
  import_instances(*source, *motions, scene);
  if (scene.instances.empty()) {
    return Error{ErrorCode::kInvalid, "it holds no triangles",
                 "export meshes, not only curves, points or empty nodes"};
  }
  if (auto done = import_camera(*source, document, *motions, options, scene); !done) return done.error();
  import_lights(*source, document, *motions, scene, notes);
  return scene;
}

}  // namespace

Result<Scene> import_gltf(const fs::path& path, const ImportOptions& options,
                          std::vector<std::string>* notes) {
  if (auto sound = check_options(options); !sound) return sound.error();
  auto document = read_gltf_document(path, options.max_file_bytes);
  if (!document) return document.error();
  std::vector<std::string> said = document->notes;
  const auto refuse = [&path](const std::string& what, const std::string& remedy) {
    return Error{ErrorCode::kInvalid, path.string() + ": " + what, remedy};
  };
  try {
    auto scene = import_scene(path, *document, options, said);
    if (!scene)
      return Error{scene.error().code, path.string() + ": " + scene.error().message, scene.error().hint};
    std::string broken_rule;
    if (!kernels::check_scene(*scene, broken_rule)) return refuse(broken_rule, "mend this value in the file");
    if (notes != nullptr) *notes = std::move(said);
    return scene;
  } catch (const std::exception& failure) {
    return refuse(std::string("the glTF reader gave up: ") + failure.what(), "export the scene again");
  }
}

}  // namespace reeve::client
