#include "protocol/wire_topics.h"

namespace reeve::wire {
namespace {

constexpr std::size_t kTokenBytes = 23;  // "id.secret": 6, a dot, 16

}  // namespace

void put(schema::Error::Builder out, const Error& in) {
  out.setCode(as_enum<schema::ErrorCode>(in.code));
  out.setMessage(text_of(in.message));
  out.setHint(text_of(in.hint));
}

Error get(schema::Error::Reader in) {
  return {read_enum(in.getCode(), ErrorCode::kCorrupt, "error code"),
          read_text(in.getMessage(), limits::kTextBytes, "an error's message"),
          read_text(in.getHint(), limits::kTextBytes, "an error's hint")};
}

void put(schema::Hello::Builder out, const msg::Hello& in) {
  out.setProtocolOldest(in.protocol_oldest);
  out.setProtocolNewest(in.protocol_newest);
  out.setSoftware(text_of(in.software));
}

msg::Hello get(schema::Hello::Reader in) {
  return {in.getProtocolOldest(), in.getProtocolNewest(),
          read_name(in.getSoftware(), limits::kNameBytes, "name of the software")};
}

void put(schema::Welcome::Builder out, const msg::Welcome& in) {
  out.setProtocol(in.protocol);
  out.setRegion(text_of(in.region));
  out.setBootEpoch(in.boot_epoch);
  out.setBulkPort(in.bulk_port);
  out.setRole(as_enum<schema::Role>(in.role));
  out.setParty(in.party.value());
  out.setAgent(in.agent.value());
  out.setLogBytesPerS(in.log_bytes_per_s);
}

msg::Welcome get(schema::Welcome::Reader in) {
  return {in.getProtocol(),
          read_name(in.getRegion(), limits::kNameBytes, "name of the region"),
          in.getBootEpoch(),
          in.getBulkPort(),
          read_enum(in.getRole(), Role::kOperator, "role"),
          PartyId(in.getParty()),
          AgentId(in.getAgent()),
          in.getLogBytesPerS()};
}

void put(schema::Enrol::Builder out, const msg::Enrol& in) {
  out.setRequest(data_of(in.request));
  out.setToken(text_of(in.token));
  out.setName(text_of(in.name));
  out.setIdentity(data_of(in.identity.bytes));
  out.setSequence(in.sequence);
  out.setNotAfter(in.not_after.ns);
  out.setBinding(data_of(in.binding.bytes));
}

msg::Enrol get(schema::Enrol::Reader in) {
  msg::Enrol out;
  out.request = read_fixed<16>(in.getRequest(), "request id");
  out.token = read_name(in.getToken(), kTokenBytes, "token");
  out.name = read_name(in.getName(), limits::kNameBytes, "name");
  out.identity.bytes = read_fixed<32>(in.getIdentity(), "identity");
  out.sequence = in.getSequence();
  out.not_after = {in.getNotAfter()};
  out.binding.bytes = read_fixed<64>(in.getBinding(), "binding signature");
  return out;
}

void put(schema::Query::Builder out, const msg::Query& in) {
  out.setRequest(data_of(in.request));
  out.setPath(text_of(in.path));
}

msg::Query get(schema::Query::Reader in) {
  return {read_fixed<16>(in.getRequest(), "request id"), read_name(in.getPath(), limits::kTextBytes, "path")};
}

void put(schema::FetchResults::Builder out, const msg::FetchResults& in) {
  out.setRequest(data_of(in.request));
  put_step(out, in.step);
  out.setFirst(in.first);
}

msg::FetchResults get(schema::FetchResults::Reader in) {
  return {read_fixed<16>(in.getRequest(), "request id"), read_step(in), in.getFirst()};
}

void put(schema::Subscribe::Builder out, const msg::Subscribe& in) {
  out.setJob(in.job.value());
  out.setOn(in.on);
}

msg::Subscribe get(schema::Subscribe::Reader in) {
  return {JobId(in.getJob()), in.getOn()};
}

void put(schema::JobUpdate::Builder out, const msg::JobUpdate& in) {
  out.setJob(in.job.value());
  out.setState(as_enum<schema::JobState>(in.state));
  out.setTasks(in.tasks);
  out.setSettled(in.settled);
  out.setFailed(in.failed);
  if (!in.inline_result.empty()) out.setInlineResult(data_of(in.inline_result));
}

msg::JobUpdate get(schema::JobUpdate::Reader in) {
  return {JobId(in.getJob()), read_enum(in.getState(), msg::JobState::kCancelled, "job state"),
          in.getTasks(),      in.getSettled(),
          in.getFailed(),     read_data(in.getInlineResult(), limits::kInlineResultBytes, "inline result")};
}

void put(schema::Goodbye::Builder out, const msg::Goodbye& in) {
  put(out.initWhy(), in.why);
}

msg::Goodbye get(schema::Goodbye::Reader in) {
  return {get(in.getWhy())};
}

}  // namespace reeve::wire
