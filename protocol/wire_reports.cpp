#include <algorithm>

#include "protocol/wire_topics.h"

namespace reeve::wire {
namespace {

void put(schema::ReportSection::Builder out, const msg::InlineResults& in) {
  auto results = out.initInline();
  put_numbers(results.initSizes(static_cast<unsigned>(in.sizes.size())), in.sizes);
  results.setPayload(data_of(in.payload));
}

void put(schema::ReportSection::Builder out, const msg::RootedResults& in) {
  auto results = out.initRooted();
  results.setRoots(data_of(in.roots));
  put_numbers(results.initSizes(static_cast<unsigned>(in.sizes.size())), in.sizes);
}

void put(schema::ReportSection::Builder out, const msg::FailedTasks& in) {
  auto failed = out.initFailed();
  failed.setReason(as_enum<schema::FailureReason>(in.reason));
  failed.setMessage(text_of(in.message));
}

void put(schema::ReportSection::Builder out, const msg::ReportSection& in) {
  out.setAttempt(in.attempt.value());
  put_step(out, in.step);
  put_tasks(out, in.tasks);
  wire::put(out.initKernel(), in.kernel);
  out.setTicket(data_of(in.ticket));
  std::visit([&](const auto& outcome) { put(out, outcome); }, in.outcome);
}

void check_count(std::size_t count, TaskRange tasks, const char* what) {
  if (count != tasks.count) {
    refuse("a report section of " + std::to_string(tasks.count) + " tasks has " + std::to_string(count) +
               " " + what,
           "one for each task");
  }
}

msg::InlineResults get(schema::InlineResults::Reader in, TaskRange tasks) {
  msg::InlineResults out;
  out.sizes = read_numbers<std::uint32_t>(in.getSizes(), limits::kTasksPerSection, "results of a section");
  check_count(out.sizes.size(), tasks, "results");
  std::uint64_t total = 0;
  for (const std::uint32_t size : out.sizes) {
    check_length(size, limits::kInlineResultBytes, "an inline result");
    total += size;
  }
  out.payload = read_data(in.getPayload(), limits::kControlMessageBytes, "payload of a section");
  if (total != out.payload.size())
    refuse("a report section's sizes add up to " + std::to_string(total) + " bytes and its payload has " +
               std::to_string(out.payload.size()),
           "");
  return out;
}

msg::RootedResults get(schema::RootedResults::Reader in, TaskRange tasks) {
  msg::RootedResults out;
  out.roots = read_digests(in.getRoots(), limits::kTasksPerSection, "roots of a section");
  out.sizes = read_numbers<std::uint64_t>(in.getSizes(), limits::kTasksPerSection, "sizes of a section");
  check_count(out.roots.size(), tasks, "roots");
  check_count(out.sizes.size(), tasks, "sizes");
  for (const std::uint64_t size : out.sizes)
    check_length(size, limits::kBlobBytes, "a result");
  return out;
}

msg::ReportSection get(schema::ReportSection::Reader in) {
  msg::ReportSection out;
  out.attempt = AttemptId(in.getAttempt());
  out.step = read_step(in);
  out.tasks = read_tasks(in);
  out.kernel = wire::get(in.getKernel());
  out.ticket = read_fixed<16>(in.getTicket(), "ticket");
  switch (in.which()) {
    case schema::ReportSection::INLINE: out.outcome = get(in.getInline(), out.tasks); return out;
    case schema::ReportSection::ROOTED: out.outcome = get(in.getRooted(), out.tasks); return out;
    case schema::ReportSection::FAILED: {
      const auto failed = in.getFailed();
      out.outcome = msg::FailedTasks{
          read_enum(failed.getReason(), msg::FailureReason::kOverLimit, "reason of a failure"),
          read_text(failed.getMessage(), limits::kTextBytes, "message of a failure")};
      return out;
    }
  }
  refuse("outcome " + std::to_string(static_cast<unsigned>(in.which())) + " is not known to this protocol",
         "upgrade the older side");
}

void put(schema::LeafReport::Builder out, const msg::LeafReport& in) {
  out.setAttempt(in.attempt.value());
  put_step(out, in.step);
  out.setTask(in.task);
  put_numbers(out.initLeaves(static_cast<unsigned>(in.leaves.size())), in.leaves);
  out.setHashes(data_of(in.hashes));
}

msg::LeafReport get(schema::LeafReport::Reader in) {
  msg::LeafReport out;
  out.attempt = AttemptId(in.getAttempt());
  out.step = read_step(in);
  out.task = in.getTask();
  out.leaves = read_numbers<std::uint32_t>(in.getLeaves(), limits::kLeavesPerTask, "recomputed leaves");
  out.hashes = read_digests(in.getHashes(), limits::kLeavesPerTask, "hashes of recomputed leaves");
  if (out.leaves.size() != out.hashes.size())
    refuse("a leaf report has " + std::to_string(out.leaves.size()) + " leaves and " +
               std::to_string(out.hashes.size()) + " hashes",
           "one for each leaf");
  return out;
}

void put(schema::ComparisonReport::Builder out, const msg::ComparisonReport& in) {
  out.setAttempt(in.attempt.value());
  put_step(out, in.step);
  out.setTask(in.task);
  out.setVerdict(as_enum<schema::ComparisonVerdict>(in.verdict));
  if (!in.why.empty()) out.setWhy(text_of(in.why));
}

msg::ComparisonReport get(schema::ComparisonReport::Reader in) {
  return {AttemptId(in.getAttempt()), read_step(in), in.getTask(),
          read_enum(in.getVerdict(), msg::ComparisonVerdict::kUndecidable, "verdict of a comparison"),
          read_text(in.getWhy(), limits::kTextBytes, "reason of a verdict")};
}

// Opening, OpeningRequest, UploadRequest and CheckpointMade all name one task of one attempt.
template <class B, class T>
void put_task(B& out, const T& in) {
  out.setAttempt(in.attempt.value());
  put_step(out, in.step);
  out.setTask(in.task);
}

/// Those of a log are taken out where it is made: as JSON each would grow sixfold.
bool is_control(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte < 0x20 && c != '\n' && c != '\t') || byte == 0x7F;
}

}  // namespace

void put(schema::Report::Builder out, const msg::Report& in) {
  auto sections = out.initSections(static_cast<unsigned>(in.sections.size()));
  for (unsigned i = 0; i < sections.size(); ++i)
    put(sections[i], in.sections[i]);
  out.setSignature(data_of(in.signature.bytes));
  if (!in.leaves.empty()) {
    auto leaves = out.initLeaves(static_cast<unsigned>(in.leaves.size()));
    for (unsigned i = 0; i < leaves.size(); ++i)
      put(leaves[i], in.leaves[i]);
  }
  if (in.comparisons.empty()) return;
  auto comparisons = out.initComparisons(static_cast<unsigned>(in.comparisons.size()));
  for (unsigned i = 0; i < comparisons.size(); ++i)
    put(comparisons[i], in.comparisons[i]);
}

msg::Report get(schema::Report::Reader in) {
  msg::Report out;
  out.sections = read_list(in.getSections(), limits::kSectionsPerReport, "sections of a report",
                           [](schema::ReportSection::Reader section) { return get(section); });
  out.leaves = read_list(in.getLeaves(), limits::kSectionsPerReport, "leaf reports of a report",
                         [](schema::LeafReport::Reader leaves) { return get(leaves); });
  out.signature.bytes = read_fixed<64>(in.getSignature(), "signature of a report");
  out.comparisons = read_list(in.getComparisons(), limits::kSectionsPerReport, "comparisons of a report",
                              [](schema::ComparisonReport::Reader comparison) { return get(comparison); });
  return out;
}

void put(schema::ReportAck::Builder out, const msg::ReportAck& in) {
  auto items = out.initItems(static_cast<unsigned>(in.items.size()));
  for (unsigned i = 0; i < items.size(); ++i) {
    auto item = items[i];
    item.setAttempt(in.items[i].attempt.value());
    put_tasks(item, in.items[i].tasks);
    item.setStatus(as_enum<schema::SectionStatus>(in.items[i].status));
    if (!in.items[i].why.empty()) item.setWhy(text_of(in.items[i].why));
  }
}

msg::ReportAck get(schema::ReportAck::Reader in) {
  return {read_list(in.getItems(), limits::kSectionsPerReport, "acknowledged sections", [](auto item) {
    return msg::ReportAck::Item{AttemptId(item.getAttempt()), read_tasks(item),
                                read_enum(item.getStatus(), msg::SectionStatus::kRefused, "section status"),
                                read_text(item.getWhy(), limits::kTextBytes, "reason of a refusal")};
  })};
}

void put(schema::OpeningRequest::Builder out, const msg::OpeningRequest& in) {
  put_task(out, in);
}

msg::OpeningRequest get(schema::OpeningRequest::Reader in) {
  return {AttemptId(in.getAttempt()), read_step(in), in.getTask()};
}

void put(schema::Opening::Builder out, const msg::Opening& in) {
  put_task(out, in);
  out.setLeafHashes(data_of(in.leaf_hashes));
}

msg::Opening get(schema::Opening::Reader in) {
  return {AttemptId(in.getAttempt()), read_step(in), in.getTask(),
          read_digests(in.getLeafHashes(), limits::kLeavesPerTask, "leaf hashes of an opening")};
}

void put(schema::UploadRequest::Builder out, const msg::UploadRequest& in) {
  put_task(out, in);
  out.setCheckpoint(in.checkpoint);
}

msg::UploadRequest get(schema::UploadRequest::Reader in) {
  return {AttemptId(in.getAttempt()), read_step(in), in.getTask(), in.getCheckpoint()};
}

void put(schema::CheckpointMade::Builder out, const msg::CheckpointMade& in) {
  put_task(out, in);
  out.setRoot(data_of(in.root.bytes));
  out.setSizeBytes(in.size_bytes);
}

msg::CheckpointMade get(schema::CheckpointMade::Reader in) {
  return {AttemptId(in.getAttempt()),
          read_step(in),
          in.getTask(),
          {read_fixed<32>(in.getRoot(), "root of a checkpoint")},
          in.getSizeBytes()};
}

void put(schema::Verdicts::Builder out, const msg::Verdicts& in) {
  auto items = out.initItems(static_cast<unsigned>(in.items.size()));
  for (unsigned i = 0; i < items.size(); ++i) {
    auto item = items[i];
    item.setAttempt(in.items[i].attempt.value());
    put_step(item, in.items[i].step);
    put_tasks(item, in.items[i].tasks);
    item.setKind(as_enum<schema::VerdictKind>(in.items[i].kind));
    item.setAmount(in.items[i].amount);
  }
}

msg::Verdicts get(schema::Verdicts::Reader in) {
  return {read_list(in.getItems(), limits::kVerdictsPerMessage, "verdicts of a message", [](auto item) {
    return msg::Verdicts::Item{AttemptId(item.getAttempt()), read_step(item), read_tasks(item),
                               read_enum(item.getKind(), msg::VerdictKind::kReleased, "kind of a verdict"),
                               item.getAmount()};
  })};
}

void put(schema::LogPieces::Builder out, const msg::LogPieces& in) {
  auto pieces = out.initPieces(static_cast<unsigned>(in.pieces.size()));
  for (unsigned i = 0; i < pieces.size(); ++i) {
    auto piece = pieces[i];
    put_task(piece, in.pieces[i]);
    piece.setOffset(in.pieces[i].offset);
    piece.setText(text_of(in.pieces[i].text));
  }
}

msg::LogPieces get(schema::LogPieces::Reader in) {
  return {read_list(in.getPieces(), limits::kLogPiecesPerMessage, "pieces of logs", [](auto piece) {
    if (piece.getOffset() > limits::kLogOffset)
      refuse("a log's piece begins at byte " + std::to_string(piece.getOffset()),
             "a log has at most " + std::to_string(limits::kLogOffset) + " bytes");
    std::string text = read_text(piece.getText(), limits::kLogPieceBytes, "a piece of a log");
    if (std::any_of(text.begin(), text.end(), is_control))
      refuse("a piece of a log holds control characters", "");
    return msg::LogPiece{AttemptId(piece.getAttempt()), read_step(piece), piece.getTask(), piece.getOffset(),
                         std::move(text)};
  })};
}

}  // namespace reeve::wire
