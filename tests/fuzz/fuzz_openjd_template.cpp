// Job templates, which requesters write and others send.

#include <string_view>

#include "openjd/job.h"
#include "openjd/template.h"
#include "protocol/check.h"
#include "tests/fuzz/fuzz.h"

std::vector<std::string> fuzz_seeds() {
  const std::string yaml = R"(specificationVersion: jobtemplate-2023-09
name: Render {{Param.Title}}
parameterDefinitions:
- {name: Title, type: STRING, default: shot, allowedValues: [shot, cut], userInterface: {control: DROPDOWN_LIST}}
- {name: Last, type: INT, minValue: 1, maxValue: 100, default: 9}
- {name: Scale, type: FLOAT, default: 0.5}
- {name: Scene, type: PATH, objectType: FILE, dataFlow: IN, default: a.glb}
jobEnvironments:
- {name: E, variables: {A: '{{Session.WorkingDirectory}}'}, script: {actions: {onEnter: {command: a}, onExit: {command: b}}}}
steps:
- name: One
  hostRequirements:
    amounts: [{name: amount.worker.vcpu, min: 2, max: 4}]
    attributes: [{name: attr.worker.os.family, anyOf: [linux]}]
  parameterSpace:
    taskParameterDefinitions:
    - {name: F, type: INT, range: '1-{{Param.Last}}:2,20-10:-3'}
    - {name: G, type: FLOAT, range: [1, '2.5']}
    - {name: H, type: STRING, range: [x, '{{Param.Title}}']}
    combination: (G, H) * F
  script:
    actions:
      onRun:
        command: run
        args: ['{{Task.Param.F}}', '{{Task.File.M}}', '{{RawParam.Scene}}']
        timeout: 60
        cancelation: {mode: NOTIFY_THEN_TERMINATE, notifyPeriodInSeconds: 5}
    embeddedFiles: [{name: M, type: TEXT, filename: m.py, runnable: true, data: "x{{Task.Param.G}}"}]
- name: Two
  dependencies: [{dependsOn: One}]
  script: {actions: {onRun: {command: echo}}}
)";
  const std::string json =
      R"({"specificationVersion":"jobtemplate-2023-09","name":"\ud83d\ude00","steps":[{"name":"A",)"
      R"("script":{"actions":{"onRun":{"command":"echo","args":["\u00e9"]}}}}]})";
  return {yaml, json};
}

/// Any text is a template or a list of errors; a template's job, where its defaults give one, has tasks.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace reeve::openjd;
  const Checked<JobTemplate> parsed =
      parse_template(std::string_view(reinterpret_cast<const char*>(data), size));
  REEVE_CHECK(parsed.value.has_value() == parsed.errors.empty(), "a value or errors, never both");
  if (!parsed) return 0;
  const Checked<Job> job = instantiate(*parsed.value, {});
  REEVE_CHECK(job.value.has_value() == job.errors.empty(), "a value or errors, never both");
  if (!job) return 0;
  for (const Step& step : job.value->steps) {
    const reeve::Result<reeve::Bytes> bytes = encode_step(step.script);
    if (bytes) REEVE_CHECK(decode_step(*bytes).ok(), "what was encoded can be decoded");
  }
  return 0;
}
