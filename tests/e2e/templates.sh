#!/usr/bin/env bash
# What jobs of templates see when `reeve run` runs them: paths, environments, embedded files, and capabilities nobody declares.
#
#   templates.sh BIN WORK
#
# BIN holds reeve and its programs; WORK is an empty folder. Ends with 77 where this machine has no sandbox.
set -euo pipefail

bin=$1
work=$2
here=$(cd "$(dirname "$0")" && pwd)
. "$here/stage.sh"

need_sandbox
mkdir -p "$work/show/templates"
cd "$work/show"

# ---- paths, an environment template and files, seen by one task of two -------------------------------------------------

cat >templates/paths.yaml <<'END'
specificationVersion: jobtemplate-2023-09
extensions: [FEATURE_BUNDLE_1]
name: "{{Param.Title}}"
parameterDefinitions:
  - { name: Title, type: STRING }
  - { name: Beside, type: PATH, default: a/../textures }
  - { name: Given, type: PATH }
jobEnvironments:
  - name: Inner
    script:
      embeddedFiles: [{ name: Hello, type: TEXT, data: "echo openjd_env: INNER=$OUTER-in" }]
      actions: { onEnter: { command: sh, args: ["{{Env.File.Hello}}"] } }
steps:
  - name: Look
    hostRequirements:
      amounts: [{ name: amount.licences, min: 1 }]
    parameterSpace:
      taskParameterDefinitions:
        - { name: Frame, type: PATH, range: ["/plates/1.exr", "/others/2.exr"] }
    script:
      embeddedFiles:
        - { name: Tool, type: TEXT, filename: tool.sh, runnable: true, data: "#!/bin/sh\necho tool:$1" }
      actions:
        onRun:
          command: bash
          args:
            - -c
            - |
              echo beside:'{{Param.Beside}}'
              echo given:'{{Param.Given}}' raw:'{{RawParam.Given}}'
              echo frame:'{{Task.Param.Frame}}' raw:'{{Task.RawParam.Frame}}'
              echo env:$INNER
              case '{{Task.File.Tool}}' in '{{Session.WorkingDirectory}}'/*/tool.sh) echo file:inside ;; esac
              '{{Task.File.Tool}}' works
              echo rules:'{{Session.HasPathMappingRules}}' $(grep -c /mnt/plates '{{Session.PathMappingRulesFile}}')
END
cat >outer.yaml <<'END'
specificationVersion: environment-2023-09
environment: { name: Outer, variables: { OUTER: out } }
END
cat >rules.json <<END
{"version": "pathmapping-1.0", "path_mapping_rules": [
  {"source_path_format": "POSIX", "source_path": "/plates", "destination_path": "/mnt/plates"},
  {"source_path_format": "POSIX", "source_path": "$PWD", "destination_path": "/mnt/show"}]}
END
title=$(printf 'x%.0s' $(seq 512))
"$bin/reeve" run templates/paths.yaml -p Given=cut/../b.exr -p "Title=$title" --environment outer.yaml \
  --path-mapping rules.json >"$work/said" 2>"$work/told" || fail "the job failed: $(cat "$work/told")"
grep -q "Running job '$title'" "$work/told" || fail "the job is not named: $(cat "$work/told")"
says() { grep -qxF -- "$1" "$work/said" || fail "no line '$1' in: $(cat "$work/said")"; }
says "beside:/mnt/show/templates/textures"
says "given:/mnt/show/b.exr raw:$PWD/b.exr"
says "frame:/mnt/plates/1.exr raw:/plates/1.exr"
says "frame:/others/2.exr raw:/others/2.exr"
says "env:out-in"
says "file:inside"
says "tool:works"
says "rules:true 1"

# ---- what is left by an environment that could not be entered ----------------------------------------------------------

cat >templates/broken.yaml <<'END'
specificationVersion: jobtemplate-2023-09
name: Broken
jobEnvironments:
  - name: Outer
    script: { actions: { onEnter: { command: "true" }, onExit: { command: echo, args: [left the outer] } } }
  - name: Inner
    script: { actions: { onEnter: { command: "false" }, onExit: { command: echo, args: [left the inner] } } }
steps:
  - name: Never
    script: { actions: { onRun: { command: echo, args: [ran anyway] } } }
END
! "$bin/reeve" run templates/broken.yaml >"$work/said" 2>&1 || fail "a job whose environment failed succeeded"
grep -q "ran anyway" "$work/said" && fail "a task ran outside of its environment"
[ "$(grep -c '^left the' "$work/said")" = 2 ] || fail "not every environment was left: $(cat "$work/said")"

# ---- what is written while an environment is left, and an environment that cannot be left ------------------------------

cat >templates/leaving.yaml <<'END'
specificationVersion: jobtemplate-2023-09
name: Leaving
parameterDefinitions: [{ name: Status, type: INT }]
jobEnvironments:
  - name: Outer
    variables: { WHERE: outer }
    script:
      actions:
        onEnter: { command: echo, args: ["openjd_env: TOLD=by-enter"] }
        onExit: { command: sh, args: [-c, 'echo left $WHERE $TOLD; exit {{Param.Status}}'] }
steps:
  - name: Work
    stepEnvironments:
      - name: Inner
        variables: { WHERE: inner }
        script: { actions: { onEnter: { command: "true" }, onExit: { command: sh, args: [-c, 'echo left $WHERE $TOLD'] } } }
    parameterSpace: { taskParameterDefinitions: [{ name: Frame, type: INT, range: 1-2 }] }
    script: { actions: { onRun: { command: echo, args: ["ran {{Task.Param.Frame}}"] } } }
END
"$bin/reeve" run templates/leaving.yaml -p Status=0 >"$work/said" 2>&1 || fail "leaving failed: $(cat "$work/said")"
[ "$(grep -c 'left inner by-enter$' "$work/said")" = 2 ] || fail "the inner environment was not left: $(cat "$work/said")"
[ "$(grep -c 'left outer by-enter$' "$work/said")" = 2 ] || fail "the outer environment was not left: $(cat "$work/said")"
! "$bin/reeve" run templates/leaving.yaml -p Status=3 >"$work/said" 2>&1 || fail "nobody heard that leaving failed"
grep -q "leaving the environment 'Outer' exited with code: 3" "$work/said" || fail "it is told as: $(cat "$work/said")"

# ---- the name that templates call Python by, also where the system has it as python3 alone ------------------------------

if [ -x /usr/bin/python3 ]; then
  cat >templates/python.yaml <<'END'
specificationVersion: jobtemplate-2023-09
extensions: [FEATURE_BUNDLE_1]
name: Python
steps: [{ name: Say, python: { script: "print('said by', 'python')" } }]
END
  "$bin/reeve" run templates/python.yaml >"$work/said" 2>&1 || fail "no python: $(cat "$work/said")"
  grep -qx "said by python" "$work/said" || fail "python is not heard: $(cat "$work/said")"
fi

echo "templates: paths, environments and files are where 2023-09 wants them"
