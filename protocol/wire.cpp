#include "protocol/wire.h"

#include <utility>

#include "protocol/wire_topics.h"

namespace reeve::wire {
namespace {

using schema::Envelope;

auto open(Envelope::Builder e, const msg::Hello&) {
  return e.initHello();
}
auto open(Envelope::Builder e, const msg::Welcome&) {
  return e.initWelcome();
}
auto open(Envelope::Builder e, const msg::Enrol&) {
  return e.initEnrol();
}
auto open(Envelope::Builder e, const msg::Commands&) {
  return e.initCommands();
}
auto open(Envelope::Builder e, const msg::Query&) {
  return e.initQuery();
}
auto open(Envelope::Builder e, const msg::FetchResults&) {
  return e.initFetchResults();
}
auto open(Envelope::Builder e, const msg::Subscribe&) {
  return e.initSubscribe();
}
auto open(Envelope::Builder e, const msg::Replies&) {
  return e.initReplies();
}
auto open(Envelope::Builder e, const msg::JobUpdate&) {
  return e.initJobUpdate();
}
auto open(Envelope::Builder e, const msg::AgentHello&) {
  return e.initAgentHello();
}
auto open(Envelope::Builder e, const msg::Credit&) {
  return e.initCredit();
}
auto open(Envelope::Builder e, const msg::Heartbeat&) {
  return e.initHeartbeat();
}
auto open(Envelope::Builder e, const msg::Assign&) {
  return e.initAssign();
}
auto open(Envelope::Builder e, const msg::Report&) {
  return e.initReport();
}
auto open(Envelope::Builder e, const msg::ReportAck&) {
  return e.initReportAck();
}
auto open(Envelope::Builder e, const msg::CancelAttempts&) {
  return e.initCancelAttempts();
}
auto open(Envelope::Builder e, const msg::OpeningRequest&) {
  return e.initOpeningRequest();
}
auto open(Envelope::Builder e, const msg::Opening&) {
  return e.initOpening();
}
auto open(Envelope::Builder e, const msg::UploadRequest&) {
  return e.initUploadRequest();
}
auto open(Envelope::Builder e, const msg::Verdicts&) {
  return e.initVerdicts();
}
auto open(Envelope::Builder e, const msg::Goodbye&) {
  return e.initGoodbye();
}
auto open(Envelope::Builder e, const msg::LogPieces&) {
  return e.initLogPieces();
}
auto open(Envelope::Builder e, const msg::CheckpointMade&) {
  return e.initCheckpointMade();
}

msg::Message read_envelope(Envelope::Reader e) {
  switch (e.which()) {
    case Envelope::HELLO: return get(e.getHello());
    case Envelope::WELCOME: return get(e.getWelcome());
    case Envelope::ENROL: return get(e.getEnrol());
    case Envelope::COMMANDS: return get(e.getCommands());
    case Envelope::QUERY: return get(e.getQuery());
    case Envelope::FETCH_RESULTS: return get(e.getFetchResults());
    case Envelope::SUBSCRIBE: return get(e.getSubscribe());
    case Envelope::REPLIES: return get(e.getReplies());
    case Envelope::JOB_UPDATE: return get(e.getJobUpdate());
    case Envelope::AGENT_HELLO: return get(e.getAgentHello());
    case Envelope::CREDIT: return get(e.getCredit());
    case Envelope::HEARTBEAT: return get(e.getHeartbeat());
    case Envelope::ASSIGN: return get(e.getAssign());
    case Envelope::REPORT: return get(e.getReport());
    case Envelope::REPORT_ACK: return get(e.getReportAck());
    case Envelope::CANCEL_ATTEMPTS: return get(e.getCancelAttempts());
    case Envelope::OPENING_REQUEST: return get(e.getOpeningRequest());
    case Envelope::OPENING: return get(e.getOpening());
    case Envelope::UPLOAD_REQUEST: return get(e.getUploadRequest());
    case Envelope::VERDICTS: return get(e.getVerdicts());
    case Envelope::GOODBYE: return get(e.getGoodbye());
    case Envelope::LOG_PIECES: return get(e.getLogPieces());
    case Envelope::CHECKPOINT_MADE: return get(e.getCheckpointMade());
  }
  refuse(
      "message kind " + std::to_string(static_cast<unsigned>(e.which())) + " is not known to this protocol",
      "upgrade the older side");
}

}  // namespace

Bytes encode(const msg::Message& message) {
  capnp::MallocMessageBuilder builder(scratch_words());
  auto envelope = builder.initRoot<Envelope>();
  std::visit([&](const auto& body) { put(open(envelope, body), body); }, message);
  return message_bytes(builder);
}

Result<msg::Message> decode(ByteView bytes) {
  msg::Message message;
  const auto read_root = [](capnp::MessageReader& reader, void* out) {
    *static_cast<msg::Message*>(out) = read_envelope(reader.getRoot<Envelope>());
  };
  const auto read = read_message(bytes, limits::kControlMessageBytes, read_root, &message);
  if (!read) return read.error();
  return message;
}

}  // namespace reeve::wire
