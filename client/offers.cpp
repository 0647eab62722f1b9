#include "client/offers.h"

#include <algorithm>

#include "client/json_fields.h"

namespace reeve::client {
namespace {

using Json = nlohmann::json;

std::vector<std::string> texts_of(const Json& object, const char* key) {
  std::vector<std::string> texts;
  for (const Json& text : list_of(object, key))
    if (text.is_string()) texts.push_back(text.get<std::string>());
  return texts;
}

Capability capability_of(const Json& row) {
  Capability offer;
  offer.cpus = static_cast<std::uint32_t>(number_of(row, "cpus"));
  offer.memory_mib = static_cast<std::uint32_t>(number_of(row, "memory_mib"));
  offer.gpus = static_cast<std::uint32_t>(number_of(row, "gpus"));
  offer.vram_mib = static_cast<std::uint32_t>(number_of(row, "vram_mib"));
  offer.tags = texts_of(row, "tags");
  for (const Json& kernel : list_of(row, "kernels"))
    offer.kernels.push_back(
        {text_of(kernel, "name"), static_cast<std::uint32_t>(number_of(kernel, "contract"))});
  return offer;
}

/// The fewest things that any offer lacks; "" where one meets the need.
std::string nearest_miss(const std::vector<Capability>& offers, const TaskNeed& need) {
  std::string least = "no agent is there";
  for (const Capability& offer : offers) {
    const std::string missing = missing_of(offer, need);
    if (missing.empty()) return "";
    if (least == "no agent is there" || missing.size() < least.size()) least = missing;
  }
  return least;
}

}  // namespace

std::string missing_of(const Capability& offer, const TaskNeed& need) {
  std::string missing;
  const auto add = [&missing](const std::string& what) { missing += (missing.empty() ? "" : ", ") + what; };
  const auto amount = [&add](const char* name, std::uint32_t has, std::uint32_t wants) {
    if (has < wants)
      add(std::to_string(wants) + " " + name + " (the nearest has " + std::to_string(has) + ")");
  };
  amount("processors", offer.cpus, need.cpus);
  amount("MiB of memory", offer.memory_mib, need.memory_mib);
  amount("GPUs", offer.gpus, need.gpus);
  amount("MiB of GPU memory", offer.vram_mib, need.vram_mib);
  for (const std::string& tag : need.tags)
    if (std::find(offer.tags.begin(), offer.tags.end(), tag) == offer.tags.end())
      add(tag == kImageTag ? std::string("what runs images (the tag 'oci')") : "the tag '" + tag + "'");
  if (std::find(offer.kernels.begin(), offer.kernels.end(), need.kernel) == offer.kernels.end())
    add(is_program(need.kernel) ? "a sandbox for programs" : "the kernel '" + need.kernel.name + "'");
  return missing;
}

Result<std::vector<std::string>> unmet_steps(Connection& connection, const JobSpec& job) {
  const auto answer = connection.query("/api/v1/offers");
  if (!answer) return answer.error();
  std::vector<Capability> offers;
  for (const Json& row : list_of(*answer, "offers"))
    offers.push_back(capability_of(row.value("capability", Json::object())));
  std::vector<std::string> unmet;
  for (const StepSpec& step : job.steps)
    if (const std::string missing = nearest_miss(offers, step.need); !missing.empty())
      unmet.push_back("step '" + step.name + "' waits: no agent of the region meets it now: " + missing);
  return unmet;
}

}  // namespace reeve::client
