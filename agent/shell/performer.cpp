#include "agent/shell/performer.h"

#include <spdlog/spdlog.h>

#include "protocol/commitment.h"

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
  for (const msg::ComparisonReport& comparison : effect.report.comparisons)
    commitments.push_back(comparison_commitment(parts_.region, agent_, comparison));
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
  parts_.keeper.open(std::move(effect));
}

void Performer::on(Upload& effect) {
  const msg::UploadRequest& request = effect.request;
  std::filesystem::path file = effect.file;
  if (file.empty()) file = parts_.spool.file_of(request.attempt, request.task);
  parts_.transfers.upload(request, std::move(file), now_);
}

void Performer::on(const DropFile& effect) {
  std::error_code ignored;  // it may have gone with its slot's folder
  std::filesystem::remove(effect.file, ignored);
}

void Performer::on(Log& effect) {
  switch (effect.severity) {
    case Severity::kInfo: spdlog::info("{}", effect.text); break;
    case Severity::kWarning: spdlog::warn("{}", effect.text); break;
    case Severity::kError: spdlog::error("{}", effect.text); break;
  }
}

void Performer::answer(const msg::Opening& opening, std::vector<Input>& inputs) {
  inputs_ = &inputs;
  send(opening);
}

}  // namespace reeve::agent
