// Job templates, which requesters write and others send.

#include <string_view>

#include "openjd/job.h"
#include "openjd/task.h"
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
  const std::string extended = R"(specificationVersion: jobtemplate-2023-09
extensions: [TASK_CHUNKING, FEATURE_BUNDLE_1, REDACTED_ENV_VARS]
name: Chunks
parameterDefinitions: [{name: N, type: INT, default: 3}]
steps:
- name: One
  hostRequirements: {amounts: [{name: amount.worker.vcpu, min: '{{Param.N}}', max: '8.5'}]}
  parameterSpace:
    taskParameterDefinitions:
    - {name: F, type: 'CHUNK[INT]', range: '1-9:4,10-20', chunks: {defaultTaskCount: '{{Param.N}}', targetRuntimeSeconds: 0, rangeConstraint: CONTIGUOUS}}
    - {name: G, type: INT, range: [1, 2]}
    combination: F * G
  bash: {script: 'x{{Task.Param.F}}', timeout: '{{Param.N}}', cancelation: {mode: NOTIFY_THEN_TERMINATE, notifyPeriodInSeconds: '5'}}
- name: Two
  script: {actions: {onRun: {command: a}}, embeddedFiles: [{name: A, type: TEXT, data: x, endOfLine: CRLF}]}
)";
  const std::string environment = R"(specificationVersion: environment-2023-09
parameterDefinitions: [{name: N, type: INT, maxValue: 9}]
environment: {name: E, variables: {A: '{{Param.N}}'}, script: {actions: {onEnter: {command: b}}}}
)";
  return {yaml, json, extended, environment};
}

/// Any text is a template or a list of errors; a template's job, where its defaults give one, has tasks, and
/// each of them a command line.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace reeve::openjd;
  const Checked<AnyTemplate> parsed =
      parse_any_template(std::string_view(reinterpret_cast<const char*>(data), size));
  REEVE_CHECK(parsed.value.has_value() == parsed.errors.empty(), "a value or errors, never both");
  if (!parsed || !std::holds_alternative<JobTemplate>(*parsed.value)) return 0;
  const Checked<Job> job = instantiate(std::get<JobTemplate>(*parsed.value), {});
  REEVE_CHECK(job.value.has_value() == job.errors.empty(), "a value or errors, never both");
  if (!job) return 0;
  for (const Step& step : job.value->steps) {
    HostValues host;
    host.file_paths.resize(step.script.files.size());
    (void)resolve_task(step.script, step.script.space.size() - 1, host);
    const reeve::Result<reeve::Bytes> bytes = encode_step(step.script);
    if (bytes) REEVE_CHECK(decode_step(*bytes).ok(), "what was encoded can be decoded");
  }
  return 0;
}
