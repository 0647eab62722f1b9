#include "client/commands/ledger_log.h"

#include <charconv>
#include <fstream>
#include <memory>
#include <optional>

#include "client/ledger/log_fetch.h"
#include "client/ledger/log_folder.h"
#include "protocol/digest.h"
#include "protocol/tlog/entry.h"

namespace reeve::client {
namespace {

Result<std::uint64_t> parse_whole(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size())
    return Error{ErrorCode::kInvalid, "'" + std::string(text) + "' is no whole number", "for example 17"};
  return value;
}

Result<std::optional<std::uint64_t>> parse_optional(std::string_view text) {
  const Result<std::uint64_t> value = parse_whole(text);
  if (!value) return value.error();
  return std::optional(*value);
}

Json checkpoint_json(const tlog::Checkpoint& checkpoint) {
  return {{"origin", checkpoint.origin}, {"size", checkpoint.size}, {"root", to_hex(checkpoint.root)}};
}

std::string checkpoint_line(const tlog::Checkpoint& checkpoint) {
  return checkpoint.origin + ", " + std::to_string(checkpoint.size) + " entries, root " +
         to_hex(checkpoint.root);
}

struct FetchOptions {
  std::string url;
  std::string folder;
  std::string key;
};

/// The key that was given, the one that the folder was fetched with before, or the server's own: the first
/// fetch takes its word.
Result<tlog::Verifier> trusted_key(const FetchOptions& options, const LogServer& server, Output& output) {
  if (!options.key.empty()) return read_vkey(options.key);
  const std::filesystem::path kept = std::filesystem::path(options.folder) / "vkey";
  if (std::filesystem::exists(kept)) return read_vkey(kept.string());
  const Result<tlog::Verifier> said = server.vkey();
  if (said)
    output.note("The log's key is taken on its server's word: " + tlog::vkey_text(*said) +
                "; compare it with the operator's.");
  return said;
}

Result<ExitCode> fetch(Context& context, const FetchOptions& options) {
  const Result<LogServer> server = LogServer::at(options.url);
  if (!server) return server.error();
  const Result<tlog::Verifier> key = trusted_key(options, *server, context.output());
  if (!key) return key.error();
  const Result<Fetched> fetched = fetch_log(*server, options.folder, *key);
  if (!fetched) return fetched.error();
  Json json{{"checkpoint", checkpoint_json(fetched->checkpoint)}, {"files", fetched->files}};
  std::string text = checkpoint_line(fetched->checkpoint) + "\n";
  if (fetched->before) {
    json["continues"] = checkpoint_json(*fetched->before);
    text += "It continues the " + std::to_string(fetched->before->size) + " entries that were there.\n";
  }
  context.output().show({{{"log", json}}, text, ""});
  return kExitOk;
}

struct ReceiptOptions {
  std::string url;
  std::optional<std::uint64_t> index;
  std::optional<std::uint64_t> attempt;
  std::string of = "result";
  std::string out;
};

Result<std::uint64_t> wanted_index(const LogServer& server, const ReceiptOptions& options) {
  if (options.index) return *options.index;
  const auto found = server.entries_about(options.attempt.value_or(0), options.of);
  if (!found) return found.error();
  if (found->empty())
    return Error{ErrorCode::kNotFound,
                 "the log has no entry '" + options.of + "' of attempt " +
                     std::to_string(options.attempt.value_or(0)) + " yet",
                 "ask again in a second; `--of settle` is for its pay"};
  return found->front();
}

Result<ExitCode> receipt(Context& context, const ReceiptOptions& options) {
  const Result<LogServer> server = LogServer::at(options.url);
  if (!server) return server.error();
  const Result<std::uint64_t> index = wanted_index(*server, options);
  if (!index) return index.error();
  const Result<tlog::Receipt> given = server->receipt(*index);
  if (!given) return given.error();
  const std::string text = tlog::receipt_text(*given);
  if (options.out.empty()) {
    context.output().text(text);
    return kExitOk;
  }
  std::ofstream file(options.out, std::ios::binary);
  file << text;
  file.close();
  if (!file) return Error{ErrorCode::kIo, options.out + " could not be written", "name another --out"};
  context.output().show({{{"receipt", {{"index", *index}, {"file", options.out}}}},
                         "The receipt of entry " + std::to_string(*index) + " is in " + options.out + ".\n",
                         options.out});
  return kExitOk;
}

struct CheckOptions {
  std::string receipt;
  std::string folder;
  std::string key;
  std::optional<std::uint64_t> first;
  std::optional<std::uint64_t> last;
};

Result<ExitCode> check_receipt(Context& context, const CheckOptions& options) {
  if (options.key.empty())
    return Error{ErrorCode::kInvalid, "--key is missing: whose signature is to be believed?",
                 "the operator publishes it; the region serves it as /vkey of ledger_listen"};
  const Result<tlog::Verifier> key = read_vkey(options.key);
  if (!key) return key.error();
  const Result<std::string> text = read_small_file(options.receipt, tlog::kReceiptBytes);
  if (!text) return text.error();
  const Result<tlog::Receipt> parsed = tlog::parse_receipt(*text);
  if (!parsed) return parsed.error();
  const Result<tlog::Checkpoint> checkpoint = tlog::verify_receipt(*parsed, *key);
  if (!checkpoint) return checkpoint.error();
  const Result<tlog::Entry> entry = tlog::decode_entry(parsed->entry);
  const std::string kind = entry ? tlog::entry_name(entry->body) : "of another kind";
  context.output().show({{{"receipt",
                           {{"ok", true},
                            {"index", parsed->index},
                            {"entry", kind},
                            {"checkpoint", checkpoint_json(*checkpoint)}}}},
                         "receipt: verified: entry " + std::to_string(parsed->index) + " (" + kind + ") of " +
                             checkpoint_line(*checkpoint) + "\n",
                         ""});
  return kExitOk;
}

Result<ExitCode> check_folder(Context& context, const CheckOptions& options) {
  const std::filesystem::path folder = options.folder;
  const Result<tlog::Verifier> key =
      read_vkey(options.key.empty() ? (folder / "vkey").string() : options.key);
  if (!key) return key.error();
  const Result<tlog::Checkpoint> checkpoint = folder_checkpoint(folder, *key);
  if (!checkpoint) return checkpoint.error();
  std::uint64_t count = 0;
  const auto visit = [&count](std::uint64_t, const tlog::Entry&) -> Result<void> {
    ++count;
    return {};
  };
  const bool whole = !options.first && !options.last;
  const Result<void> done =
      whole ? verify_whole_log(folder_tiles(folder), *checkpoint, visit)
            : verify_range(folder_tiles(folder), *checkpoint, options.first.value_or(0),
                           options.last.value_or(checkpoint->size - (checkpoint->size > 0)), visit);
  if (!done) return done.error();
  context.output().show(
      {{{"log", {{"ok", true}, {"entries", count}, {"checkpoint", checkpoint_json(*checkpoint)}}}},
       "log: verified: " + std::to_string(count) + " entries of " + checkpoint_line(*checkpoint) + "\n",
       ""});
  return kExitOk;
}

void add_fetch(CommandLine& line, const Verb& ledger) {
  auto options = std::make_shared<FetchOptions>();
  Verb verb =
      line.verb(ledger, "fetch", "Copy a region's transparent log into a folder, or bring one up to date",
                [options](Context& context) { return fetch(context, *options); });
  verb.option("url", options->url, "Where the log is served: http://HOST:PORT").required();
  verb.option("dir", options->folder, "The folder").required();
  verb.option("--key", options->key, "The log's key, or a file that holds it (default: the folder's own)")
      .type("VKEY");
}

void add_receipt(CommandLine& line, const Verb& ledger) {
  auto options = std::make_shared<ReceiptOptions>();
  Verb verb = line.verb(ledger, "receipt", "Get the proof that an entry is in the transparent log",
                        [options](Context& context) { return receipt(context, *options); });
  verb.option("url", options->url, "Where the log is served: http://HOST:PORT").required();
  verb.exactly_one_of([&](const Verb& one) {
    one.parsed("--index", options->index, parse_optional, "N", "The entry's number");
    one.parsed("--attempt", options->attempt, parse_optional, "N", "The attempt that it is about");
  });
  verb.option("--of", options->of, "With --attempt: the acknowledgement of its report, or its pay")
      .among({"result", "settle"})
      .with_default();
  verb.option("--out", options->out, "Into this file (NAME.tlog-proof) instead of standard output")
      .type("FILE");
}

void add_check(CommandLine& line, const Verb& ledger) {
  auto options = std::make_shared<CheckOptions>();
  Verb verb = line.verb(ledger, "check", "Verify a receipt, a folder of the log or a range of it, offline",
                        [options](Context& context) {
                          return options->receipt.empty() ? check_folder(context, *options)
                                                          : check_receipt(context, *options);
                        });
  verb.exactly_one_of([&](const Verb& one) {
    one.option("--receipt", options->receipt, "A file NAME.tlog-proof").type("FILE");
    one.option("--log", options->folder, "A folder that `reeve ledger fetch` made").type("DIR");
  });
  verb.option("--key", options->key, "The log's key, or a file that holds it (default: the folder's own)")
      .type("VKEY");
  verb.parsed("--first", options->first, parse_optional, "N",
              "With --log: not all of it, but from this entry");
  verb.parsed("--last", options->last, parse_optional, "N", "With --log: up to this entry");
}

}  // namespace

void add_ledger_log_verbs(CommandLine& line, const Verb& ledger) {
  add_fetch(line, ledger);
  add_receipt(line, ledger);
  add_check(line, ledger);
}

}  // namespace reeve::client
