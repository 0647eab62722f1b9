#include "agent/shell/performer.h"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "agent/shell/files.h"
#include "protocol/commitment.h"
#include "protocol/leaves.h"
#include "protocol/limits.h"

namespace reeve::agent {

void Performer::perform(Time now, Effects effects, std::vector<Input>& inputs) {
  now_ = now;
  inputs_ = &inputs;
  for (Effect& effect : effects)
    std::visit([this](auto& e) { on(e); }, effect);
  note(parts_.spool.sync());
}

void Performer::note(const Result<void>& result) {
  if (!result) spdlog::error("spool: {}; {}", result.error().message, result.error().hint);
}

void Performer::on(Connect&) {
  if (const auto opened = parts_.link.open(); !opened)
    inputs_->push_back(ConnectionLost{opened.error(), false});
}

void Performer::on(Disconnect&) {
  parts_.link.close();
  parts_.transfers.close();
}

void Performer::on(Send& effect) {
  send(effect.message);
}

void Performer::send(const msg::Message& message) {
  if (parts_.link.send(message)) return;
  parts_.link.close();
  inputs_->push_back(ConnectionLost{{ErrorCode::kExhausted, "the region does not keep up", ""}, false});
}

void Performer::on(SendReport& effect) {
  note(parts_.spool.sync());  // nothing is promised that a crash could take back
  std::vector<Digest> commitments;
  for (std::size_t i = 0; i < effect.report.sections.size(); ++i) {
    const msg::ReportSection& section = effect.report.sections[i];
    const auto results = section_results(section, effect.leaf_bytes[i]);
    REEVE_CHECK(results.ok(), "an agent reports as many results as tasks");
    commitments.push_back(section_commitment(parts_.region, agent_, section, results.value()));
  }
  for (const msg::LeafReport& leaves : effect.report.leaves)
    commitments.push_back(leaf_report_commitment(parts_.region, agent_, leaves));
  effect.report.signature = sign_report(parts_.identity, report_root(commitments));
  send(std::move(effect.report));
}

void Performer::on(FetchInput& effect) {
  parts_.cache.pin(effect.digest);
  if (parts_.cache.has(effect.digest)) {
    inputs_->push_back(InputReady{effect.digest});
  } else {
    parts_.transfers.fetch(effect.digest, now_);
  }
}

void Performer::on(ReleaseInput& effect) {
  parts_.cache.unpin(effect.digest);
}

void Performer::on(AnswerOpening& effect) {
  const msg::OpeningRequest& request = effect.request;
  msg::Opening opening{request.attempt, request.step, request.task, {}};
  if (effect.payload) {
    opening.leaf_hashes = result_leaves(*effect.payload, effect.leaf_bytes);
  } else if (const auto result = read_file(parts_.spool.file_of(request.attempt, request.task))) {
    opening.leaf_hashes = result_leaves(result.value(), effect.leaf_bytes);
  } else {
    spdlog::error("cannot open a disputed result: {}", result.error().message);
  }
  send(opening);
}

void Performer::on(Upload& effect) {
  const msg::UploadRequest& request = effect.request;
  parts_.transfers.upload(request, parts_.spool.file_of(request.attempt, request.task), now_);
}

void Performer::on(Log& effect) {
  switch (effect.severity) {
    case Severity::kInfo: spdlog::info("{}", effect.text); break;
    case Severity::kWarning: spdlog::warn("{}", effect.text); break;
    case Severity::kError: spdlog::error("{}", effect.text); break;
  }
}

void Performer::take(RunnerEvent event, std::vector<Input>& inputs) {
  std::visit(
      [&](auto& e) {
        if constexpr (std::is_same_v<std::decay_t<decltype(e)>, TaskOutput>) {
          take_output(std::move(e), inputs);
        } else {
          inputs.push_back(std::move(e));
        }
      },
      event);
}

void Performer::take_output(TaskOutput output, std::vector<Input>& inputs) {
  const auto part_of = [&output](std::uint32_t tasks) {
    return Duration{output.spent.ns * tasks / std::max(output.tasks.count, 1U)};
  };
  std::size_t offset = 0;
  std::uint32_t i = 0;
  while (i < output.tasks.count) {
    const TaskIndex first = output.tasks.first + i;
    msg::InlineResults small;
    const std::size_t begin = offset;
    while (i < output.tasks.count && output.sizes[i] <= limits::kInlineResultBytes) {
      small.sizes.push_back(output.sizes[i]);
      offset += output.sizes[i++];
    }
    const auto count = static_cast<std::uint32_t>(small.sizes.size());
    if (count > 0) {
      const auto at = output.payload.begin();
      small.payload.assign(at + static_cast<std::ptrdiff_t>(begin), at + static_cast<std::ptrdiff_t>(offset));
      inputs.push_back(TasksFinished{
          output.slot, output.batch, output.attempt, {first, count}, std::move(small), part_of(count)});
      continue;
    }
    take_large(output, first, ByteView(output.payload).subspan(offset, output.sizes[i]), inputs);
    offset += output.sizes[i++];
  }
}

void Performer::take_large(const TaskOutput& output, TaskIndex task, ByteView result,
                           std::vector<Input>& inputs) {
  const std::uint32_t leaf_bytes = output.step->leaf_bytes;
  const auto fail = [&](std::string why) {
    inputs.push_back(TaskFailed{output.slot, output.batch, output.attempt, task, msg::FailureReason::kRefused,
                                std::move(why)});
  };
  if (!leaf_table_fits(result.size(), leaf_bytes))
    return fail("the result has too many leaves: " + std::to_string(leaf_count(result.size(), leaf_bytes)));
  if (const auto stored = parts_.spool.store(output.attempt, task, result); !stored)
    return fail(stored.error().message);
  msg::RootedResults rooted{{result_root(result, leaf_bytes)}, {result.size()}};
  inputs.push_back(TasksFinished{output.slot,
                                 output.batch,
                                 output.attempt,
                                 {task, 1},
                                 std::move(rooted),
                                 {output.spent.ns / std::max(output.tasks.count, 1U)}});
}

}  // namespace reeve::agent
