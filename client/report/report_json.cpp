#include <nlohmann/json.hpp>

#include "client/report/report_page.h"

namespace reeve::client {
namespace {

using nlohmann::json;

/// Reads fields by name and remembers the first that is of the wrong kind.
class Fields {
 public:
  Fields(const json& object, std::string& error) : object_(object), error_(error) {
    if (!object.is_object()) fail("an entry", "an object");
  }

  void read(const char* name, std::string& value) {
    if (const json* found = find(name, &json::is_string, "text")) value = found->get<std::string>();
  }
  void read(const char* name, bool& value) {
    if (const json* found = find(name, &json::is_boolean, "true or false")) value = found->get<bool>();
  }
  void read(const char* name, double& value) {
    if (const json* found = find(name, &json::is_number, "a number")) value = found->get<double>();
  }
  void read(const char* name, std::uint64_t& value) {
    if (const json* found = find(name, &json::is_number_unsigned, "a whole number of at least 0")) {
      value = found->get<std::uint64_t>();
    }
  }
  void read(const char* name, std::int64_t& value) {
    if (const json* found = find(name, &json::is_number_integer, "a whole number"))
      value = found->get<std::int64_t>();
  }
  void read(const char* name, AttemptEnd& value) {
    std::string text;
    read(name, text);
    if (text.empty() || text == "agreed")
      value = AttemptEnd::kAgreed;
    else if (text == "disagreed")
      value = AttemptEnd::kDisagreed;
    else if (text == "referee")
      value = AttemptEnd::kReferee;
    else if (text == "lost")
      value = AttemptEnd::kLost;
    else
      fail(name, "agreed, disagreed, referee or lost");
  }
  template <class T>
  void read(const char* name, std::vector<T>& values) {
    const json* found = find(name, &json::is_array, "a list");
    if (found == nullptr) return;
    for (const json& entry : *found) {
      Fields fields(entry, error_);
      read_into(fields, values.emplace_back());
      if (!error_.empty()) return;
    }
  }
  template <class T>
  bool read_object(const char* name, T& value) {
    const json* found = find(name, &json::is_object, "an object");
    if (found == nullptr) return false;
    Fields fields(*found, error_);
    read_into(fields, value);
    return true;
  }

 private:
  const json* find(const char* name, bool (json::*is_kind)() const noexcept, const char* kind) {
    if (!error_.empty()) return nullptr;
    const auto found = object_.find(name);
    if (found == object_.end() || found->is_null()) return nullptr;
    if (((*found).*is_kind)()) return &*found;
    fail(name, kind);
    return nullptr;
  }
  void fail(const char* name, const char* kind) {
    if (error_.empty()) error_ = std::string(name) + " must be " + kind;
  }

  static void read_into(Fields& in, ReportFact& fact) {
    in.read("label", fact.label);
    in.read("value", fact.value);
  }
  static void read_into(Fields& in, ReportFrame& frame) {
    in.read("number", frame.number);
    in.read("image", frame.image);
  }
  static void read_into(Fields& in, ReportAttempt& attempt) {
    in.read("start_s", attempt.start_s);
    in.read("end_s", attempt.end_s);
    in.read("label", attempt.label);
    in.read("end", attempt.end);
  }
  static void read_into(Fields& in, ReportAgent& agent) {
    in.read("name", agent.name);
    in.read("owner", agent.owner);
    in.read("attempts", agent.attempts);
  }
  static void read_into(Fields& in, ReportLeaf& leaf) {
    in.read("x", leaf.x);
    in.read("y", leaf.y);
    in.read("width", leaf.width);
    in.read("height", leaf.height);
    in.read("image_width", leaf.image_width);
    in.read("image_height", leaf.image_height);
  }
  static void read_into(Fields& in, ReportCheat& cheat) {
    in.read("headline", cheat.headline);
    in.read("cheat_image", cheat.cheat_image);
    in.read("true_image", cheat.true_image);
    in.read("cheat_detail", cheat.cheat_detail);
    in.read("true_detail", cheat.true_detail);
    in.read_object("leaf", cheat.leaf);
    in.read("evidence", cheat.evidence);
  }
  static void read_into(Fields& in, ReportAccount& account) {
    in.read("owner", account.owner);
    in.read("standing", account.standing);
    in.read("convicted", account.convicted);
    in.read("earned", account.earned);
    in.read("held", account.held);
    in.read("vested", account.vested);
    in.read("slashed", account.slashed);
    in.read("stake", account.stake);
  }

  const json& object_;
  std::string& error_;
};

}  // namespace

Result<ReportPage> parse_report_page(std::string_view text) {
  const json document = json::parse(text, nullptr, false);
  if (document.is_discarded()) return Error{ErrorCode::kInvalid, "the report is no JSON", "write it again"};
  std::string error;
  ReportPage page;
  Fields in(document, error);
  in.read("title", page.title);
  in.read("subtitle", page.subtitle);
  in.read("summary", page.summary);
  in.read("frames", page.frames);
  in.read("contact_sheet", page.contact_sheet);
  in.read("video", page.video);
  in.read("agents", page.agents);
  ReportCheat cheat;
  if (in.read_object("cheat", cheat)) page.cheat = std::move(cheat);
  in.read("accounts", page.accounts);
  in.read("ledger_line", page.ledger_line);
  in.read("ledger_verified", page.ledger_verified);
  if (!error.empty()) return Error{ErrorCode::kInvalid, "the report: " + error, "mend this field"};
  return page;
}

}  // namespace reeve::client
