#include "benchmarks/throughput/requester.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "benchmarks/throughput/hash_task.h"
#include "benchmarks/throughput/processes.h"
#include "client/job_builder.h"
#include "client/login.h"
#include "protocol/limits.h"
#include "protocol/wire.h"

namespace reeve::bench {
namespace {

constexpr Duration kPatience = seconds(120);

constexpr const char* kTemplate = R"(specificationVersion: jobtemplate-2023-09
name: hashes
parameterDefinitions:
  - {name: Count, type: INT}
steps:
  - name: hash
    parameterSpace:
      taskParameterDefinitions:
        - {name: Index, type: INT, range: "1-{{Param.Count}}"}
    script:
      actions:
        onRun: {command: "reeve:sha256"}
)";

Error silent() {
  return {ErrorCode::kTimeout,
          "the region said nothing for " + std::to_string(kPatience.ns / 1'000'000'000) + " s", ""};
}

Result<void> compare(JobId job, const msg::ResultRow& row) {
  if (row.payload.size() != std::size_t{row.tasks.count} * 32)
    return Error{ErrorCode::kCorrupt,
                 "results of " + std::to_string(row.tasks.count) + " tasks are no hashes", ""};
  for (std::uint32_t i = 0; i < row.tasks.count; ++i) {
    const Digest expected = hash_task(job, row.tasks.first + i);
    if (!std::equal(expected.bytes.begin(), expected.bytes.end(),
                    row.payload.begin() + std::ptrdiff_t{i} * 32))
      return Error{ErrorCode::kCorrupt,
                   "the result of task " + std::to_string(row.tasks.first + i) + " is wrong", ""};
  }
  return {};
}

}  // namespace

Result<JobSpec> hash_job(std::uint32_t tasks, const VerifyPolicy& verify) {
  client::SubmitOptions options;
  options.parameters["Count"] = std::to_string(tasks);
  options.verify = verify;
  auto built = client::build_job(kTemplate, ".", options);
  if (!built) return built.error();
  return std::move(built->spec);
}

Requester::Requester(std::unique_ptr<net::Context> context, net::ClientSocket socket)
    : context_(std::move(context)), socket_(std::move(socket)) {
  const SecretBytes random = random_secret();
  for (unsigned i = 0; i < 8; ++i)
    session_ = session_ << 8 | random.bytes()[i];
}

Result<std::unique_ptr<Requester>> Requester::connect(const std::filesystem::path& home) {
  const auto config =
      client::Config::load({{"home", home.string()}}, [](const std::string&) { return std::nullopt; });
  if (!config) return config.error();
  const auto login = client::load_login(*config);
  if (!login) return login.error();
  auto context = std::make_unique<net::Context>();
  net::SocketSettings settings;
  settings.max_message_bytes = limits::kControlMessageBytes;
  settings.receive_queue_messages = 100'000;  // an update for each of many small jobs
  auto socket = net::ClientSocket::connect(*context, login->region.host, login->region.port,
                                           login->region.server, login->transport, settings);
  if (!socket) return socket.error();
  std::unique_ptr<Requester> requester(new Requester(std::move(context), std::move(*socket)));
  const auto said =
      requester->say(msg::Hello{limits::kProtocolOldest, limits::kProtocolNewest, "reeve-bench"});
  if (!said) return said.error();
  const auto welcome = requester->hear(kPatience);
  if (!welcome) return welcome.error();
  return requester;
}

Result<void> Requester::say(const msg::Message& message) {
  if (socket_.send(wire::encode(message), kPatience) == net::Sent::kSent) return {};
  return Error{ErrorCode::kUnreachable, "the region takes no messages", ""};
}

Result<msg::Message> Requester::hear(Duration patience) {
  const auto bytes = socket_.receive(patience);
  if (!bytes) return silent();
  auto message = wire::decode(*bytes);
  if (!message) return message.error();
  if (const auto* goodbye = std::get_if<msg::Goodbye>(&*message)) return goodbye->why;
  return message;
}

msg::RequestId Requester::next_request() {
  msg::RequestId id{};
  ++counter_;
  for (unsigned i = 0; i < 8; ++i) {
    id[7 - i] = static_cast<std::uint8_t>(session_ >> (8 * i));
    id[15 - i] = static_cast<std::uint8_t>(counter_ >> (8 * i));
  }
  return id;
}

Result<JobId> Requester::submit(const JobSpec& spec) {
  const msg::RequestId request = next_request();
  if (auto said = say(msg::Commands{{{request, msg::SubmitJob{spec, true}}}}); !said) return said.error();
  for (;;) {
    auto message = hear(kPatience);
    if (!message) return message.error();
    if (const auto* update = std::get_if<msg::JobUpdate>(&*message)) {
      if (update->state == msg::JobState::kSucceeded) succeeded_.push_back(update->job);
      continue;
    }
    const auto* replies = std::get_if<msg::Replies>(&*message);
    if (replies == nullptr) continue;
    for (const msg::Reply& reply : replies->replies) {
      if (reply.request != request) continue;
      if (const auto* accepted = std::get_if<msg::Accepted>(&reply.body)) return accepted->job;
      if (const auto* error = std::get_if<Error>(&reply.body)) return *error;
    }
  }
}

Result<void> Requester::wait_for(JobId job) {
  const auto known = std::find(succeeded_.begin(), succeeded_.end(), job);
  if (known != succeeded_.end()) {
    succeeded_.erase(known);
    return {};
  }
  for (;;) {
    auto message = hear(kPatience);
    if (!message) return message.error();
    const auto* update = std::get_if<msg::JobUpdate>(&*message);
    if (update == nullptr || update->job != job) continue;
    if (update->state == msg::JobState::kSucceeded) return {};
    if (update->state == msg::JobState::kFailed || update->state == msg::JobState::kCancelled ||
        update->state == msg::JobState::kPaused)
      return Error{ErrorCode::kConflict, "job " + std::to_string(job.value()) + " did not succeed",
                   "look into the region's log"};
  }
}

Result<std::int64_t> Requester::spent(JobId job) {
  const msg::RequestId request = next_request();
  if (auto said = say(msg::Query{request, "/api/v1/jobs/" + std::to_string(job.value())}); !said)
    return said.error();
  for (;;) {
    auto message = hear(kPatience);
    if (!message) return message.error();
    const auto* replies = std::get_if<msg::Replies>(&*message);
    if (replies == nullptr || replies->replies.empty() || replies->replies[0].request != request) continue;
    const auto* answer = std::get_if<msg::Json>(&replies->replies[0].body);
    const auto document = nlohmann::json::parse(answer == nullptr ? "" : answer->text, nullptr, false);
    if (document.is_discarded() || !document.contains("job"))
      return Error{ErrorCode::kCorrupt,
                   "the region does not tell what job " + std::to_string(job.value()) + " has spent", ""};
    return document["job"]["spent_micro"].get<std::int64_t>();
  }
}

Result<void> Requester::check_results(JobId job, std::uint32_t tasks) {
  std::uint64_t checked = 0;
  for (TaskIndex first = 0;;) {
    const msg::RequestId request = next_request();
    if (auto said = say(msg::FetchResults{request, {job, 0}, first}); !said) return said.error();
    auto message = hear(kPatience);
    if (!message) return message.error();
    const auto* replies = std::get_if<msg::Replies>(&*message);
    if (replies == nullptr || replies->replies.empty() || replies->replies[0].request != request) continue;
    if (const auto* error = std::get_if<Error>(&replies->replies[0].body)) return *error;
    const auto& page = std::get<msg::ResultPage>(replies->replies[0].body);
    for (const msg::ResultRow& row : page.rows) {
      if (auto same = compare(job, row); !same) return same.error();
      checked += row.tasks.count;
    }
    if (!page.more) break;
    first = page.next;
  }
  if (checked == tasks) return {};
  return Error{ErrorCode::kCorrupt,
               std::to_string(checked) + " results are stored where " + std::to_string(tasks) + " tasks ran",
               ""};
}

}  // namespace reeve::bench
