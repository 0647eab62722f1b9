#include "protocol/wire_topics.h"

namespace reeve::wire {
namespace {

void put(schema::ResultRow::Builder out, const msg::ResultRow& in) {
  put_tasks(out, in.tasks);
  if (!in.sizes.empty()) put_numbers(out.initSizes(static_cast<unsigned>(in.sizes.size())), in.sizes);
  if (!in.payload.empty()) out.setPayload(data_of(in.payload));
  if (!in.blobs.empty()) out.setBlobs(data_of(in.blobs));
  if (!in.blob_sizes.empty())
    put_numbers(out.initBlobSizes(static_cast<unsigned>(in.blob_sizes.size())), in.blob_sizes);
}

void check_row(const msg::ResultRow& row) {
  std::uint64_t total = 0;
  for (const std::uint32_t size : row.sizes)
    total += size;
  const bool is_inline = row.sizes.size() == row.tasks.count && row.blobs.empty() && row.blob_sizes.empty();
  const bool is_blobs =
      row.blobs.size() == row.tasks.count && row.blob_sizes.size() == row.tasks.count && row.sizes.empty();
  if (total != row.payload.size() || (!is_inline && !is_blobs))
    refuse("a row of results does not match its " + std::to_string(row.tasks.count) + " tasks", "");
}

msg::ResultRow get(schema::ResultRow::Reader in) {
  msg::ResultRow out;
  out.tasks = read_tasks(in);
  out.sizes =
      read_numbers<std::uint32_t>(in.getSizes(), limits::kTasksPerSection, "sizes of a row of results");
  out.payload = read_data(in.getPayload(), limits::kControlMessageBytes, "payload of a row of results");
  out.blobs = read_digests(in.getBlobs(), limits::kTasksPerSection, "blobs of a row of results");
  out.blob_sizes = read_numbers<std::uint64_t>(in.getBlobSizes(), limits::kTasksPerSection,
                                               "blob sizes of a row of results");
  check_row(out);
  return out;
}

void put(schema::Reply::Builder out, const msg::Done&) {
  out.setDone();
}

void put(schema::Reply::Builder out, const msg::Accepted& in) {
  auto accepted = out.initAccepted();
  accepted.setJob(in.job.value());
  accepted.setQuoteLikely(in.quote_likely);
  accepted.setQuoteMost(in.quote_most);
}

void put(schema::Reply::Builder out, const msg::Enrolled& in) {
  auto enrolled = out.initEnrolled();
  enrolled.setRole(as_enum<schema::Role>(in.role));
  enrolled.setParty(in.party.value());
  enrolled.setAgent(in.agent.value());
}

void put(schema::Reply::Builder out, const msg::Json& in) {
  out.setJson(text_of(in.text));
}

void put(schema::Reply::Builder out, const msg::ResultPage& in) {
  auto page = out.initPage();
  page.setNext(in.next);
  page.setMore(in.more);
  auto rows = page.initRows(static_cast<unsigned>(in.rows.size()));
  for (unsigned i = 0; i < rows.size(); ++i)
    put(rows[i], in.rows[i]);
}

void put(schema::Reply::Builder out, const Error& in) {
  wire::put(out.initError(), in);
}

msg::Accepted get(schema::Accepted::Reader in) {
  return {JobId(in.getJob()), in.getQuoteLikely(), in.getQuoteMost()};
}

msg::Enrolled get(schema::Enrolled::Reader in) {
  return {read_enum(in.getRole(), Role::kOperator, "role"), PartyId(in.getParty()), AgentId(in.getAgent())};
}

msg::ResultPage get(schema::ResultPage::Reader in) {
  return {read_list(in.getRows(), limits::kRowsPerPage, "rows of a page of results",
                    [](schema::ResultRow::Reader row) { return get(row); }),
          in.getNext(), in.getMore()};
}

msg::Reply get(schema::Reply::Reader in) {
  msg::Reply out;
  out.request = read_fixed<16>(in.getRequest(), "request id");
  switch (in.which()) {
    case schema::Reply::DONE: out.body = msg::Done{}; return out;
    case schema::Reply::ACCEPTED: out.body = get(in.getAccepted()); return out;
    case schema::Reply::ENROLLED: out.body = get(in.getEnrolled()); return out;
    case schema::Reply::JSON:
      out.body = msg::Json{read_text(in.getJson(), limits::kControlMessageBytes, "JSON")};
      return out;
    case schema::Reply::PAGE: out.body = get(in.getPage()); return out;
    case schema::Reply::ERROR: out.body = wire::get(in.getError()); return out;
  }
  refuse("reply kind " + std::to_string(static_cast<unsigned>(in.which())) + " is not known to this protocol",
         "upgrade the older side");
}

}  // namespace

void put(schema::Replies::Builder out, const msg::Replies& in) {
  auto replies = out.initReplies(static_cast<unsigned>(in.replies.size()));
  for (unsigned i = 0; i < replies.size(); ++i) {
    replies[i].setRequest(data_of(in.replies[i].request));
    std::visit([&](const auto& body) { put(replies[i], body); }, in.replies[i].body);
  }
}

msg::Replies get(schema::Replies::Reader in) {
  return {read_list(in.getReplies(), limits::kCommandsPerMessage, "replies of a message",
                    [](schema::Reply::Reader reply) { return get(reply); })};
}

}  // namespace reeve::wire
