#include "benchmarks/kernels/embree_rival.h"

#include <embree3/rtcore.h>
#include <xmmintrin.h>

#include <chrono>

namespace reeve::kernels {
namespace {

using Device = std::unique_ptr<RTCDeviceTy, decltype(&rtcReleaseDevice)>;
using EmbreeScene = std::unique_ptr<RTCSceneTy, decltype(&rtcReleaseScene)>;

/// Null where the processor lacks the instruction set.
Device make_device(const std::string& isa) {
  Device device(rtcNewDevice(("isa=" + isa + ",threads=2").c_str()), rtcReleaseDevice);
  if (device && rtcGetDeviceError(device.get()) != RTC_ERROR_NONE) device.reset();
  return device;
}

EmbreeScene make_scene(RTCDevice device, const std::vector<TriangleView>& triangles, bool robust,
                       RTCBuildQuality quality) {
  EmbreeScene scene(rtcNewScene(device), rtcReleaseScene);
  rtcSetSceneBuildQuality(scene.get(), quality);
  if (robust) rtcSetSceneFlags(scene.get(), RTC_SCENE_FLAG_ROBUST);
  RTCGeometry geometry = rtcNewGeometry(device, RTC_GEOMETRY_TYPE_TRIANGLE);
  rtcSetGeometryBuildQuality(geometry, quality);
  const std::size_t count = triangles.size();
  auto* vertices = static_cast<float*>(rtcSetNewGeometryBuffer(
      geometry, RTC_BUFFER_TYPE_VERTEX, 0, RTC_FORMAT_FLOAT3, 3 * sizeof(float), 3 * count));
  auto* indices = static_cast<std::uint32_t*>(rtcSetNewGeometryBuffer(
      geometry, RTC_BUFFER_TYPE_INDEX, 0, RTC_FORMAT_UINT3, 3 * sizeof(std::uint32_t), count));
  for (std::size_t i = 0; i < count; ++i) {
    const TriangleView& triangle = triangles[i];
    for (std::size_t axis = 0; axis < 3; ++axis) {
      vertices[9 * i + axis] = triangle.corner[axis];
      vertices[9 * i + 3 + axis] = triangle.corner[axis] + triangle.edge1[axis];
      vertices[9 * i + 6 + axis] = triangle.corner[axis] + triangle.edge2[axis];
      indices[3 * i + axis] = static_cast<std::uint32_t>(3 * i + axis);
    }
  }
  rtcCommitGeometry(geometry);
  rtcAttachGeometry(scene.get(), geometry);
  rtcReleaseGeometry(geometry);
  return scene;
}

void trace(RTCScene scene, const RayIn* rays, std::size_t count, bool coherent, RayHit* hits) {
  RTCIntersectContext context;
  rtcInitIntersectContext(&context);
  if (coherent) context.flags = RTC_INTERSECT_CONTEXT_FLAG_COHERENT;
  const unsigned control = _mm_getcsr();
  _mm_setcsr(control | 0x8040);  // denormals flushed and taken as zero: as Embree wants it
  for (std::size_t i = 0; i < count; ++i) {
    RTCRayHit query;
    query.ray = {rays[i].origin[0],
                 rays[i].origin[1],
                 rays[i].origin[2],
                 0.0f,
                 rays[i].direction[0],
                 rays[i].direction[1],
                 rays[i].direction[2],
                 0.0f,
                 1e30f,
                 ~0u,
                 0,
                 0};
    query.hit.geomID = RTC_INVALID_GEOMETRY_ID;
    query.hit.primID = RTC_INVALID_GEOMETRY_ID;
    query.hit.instID[0] = RTC_INVALID_GEOMETRY_ID;
    rtcIntersect1(scene, &context, &query);
    hits[i] = {query.ray.tfar, query.hit.u, query.hit.v, query.hit.primID};
  }
  _mm_setcsr(control);
}

}  // namespace

std::vector<EmbreeRival> make_embree_rivals(const std::vector<TriangleView>& triangles) {
  std::vector<EmbreeRival> rivals;
  for (const std::string isa : {"avx2", "avx512"}) {
    for (const bool robust : {true, false}) {
      const std::shared_ptr<RTCDeviceTy> device = make_device(isa);
      if (!device) continue;
      const std::shared_ptr<RTCSceneTy> scene =
          make_scene(device.get(), triangles, robust, RTC_BUILD_QUALITY_HIGH);
      rtcCommitScene(scene.get());
      EmbreeRival rival{"Embree " + isa + (robust ? " robust" : " fast"), isa, robust, {}};
      rival.trace = [device, scene](const RayIn* rays, std::size_t count, bool coherent, RayHit* hits) {
        trace(scene.get(), rays, count, coherent, hits);
      };
      rivals.push_back(std::move(rival));
    }
  }
  return rivals;
}

double embree_build_seconds(const std::vector<TriangleView>& triangles, bool high_quality) {
  const Device device(rtcNewDevice("threads=2"), rtcReleaseDevice);
  if (!device) return -1;
  const EmbreeScene scene = make_scene(device.get(), triangles, false,
                                       high_quality ? RTC_BUILD_QUALITY_HIGH : RTC_BUILD_QUALITY_MEDIUM);
  const auto began = std::chrono::steady_clock::now();
  rtcCommitScene(scene.get());
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
}

}  // namespace reeve::kernels
