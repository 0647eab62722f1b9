#include "scheduler/shell/questions.h"

#include "protocol/wire.h"

namespace reeve::shell {

Questions::Questions(std::unique_ptr<Api> api, View& view, LoopTasks& loop)
    : api_(std::move(api)), view_(view), loop_(loop), thread_([this] { run(); }) {}

Questions::~Questions() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  work_.notify_one();
  thread_.join();
}

bool Questions::put(PeerQuestion question) {
  {
    const std::lock_guard lock(mutex_);
    if (queue_.size() >= kMost) return false;
    queue_.push_back(std::move(question));
  }
  work_.notify_one();
  return true;
}

msg::Reply Questions::answer(const PeerQuestion& question) {
  if (!view_.wait_for(question.seen_seq, kPatience)) {
    const msg::RequestId request = std::visit([](const auto& asked) { return asked.request; }, question.what);
    return {request, Error{ErrorCode::kTimeout, "the view is behind the region", "ask again in a second"}};
  }
  if (const auto* query = std::get_if<msg::Query>(&question.what))
    return {query->request, msg::Json{api_->answer(question.peer, query->path)}};
  const auto& fetch = std::get<msg::FetchResults>(question.what);
  Result<msg::ResultPage> page = api_->results(question.peer, fetch);
  if (!page) return {fetch.request, page.error()};
  return {fetch.request, std::move(*page)};
}

void Questions::run() {
  for (;;) {
    std::unique_lock lock(mutex_);
    work_.wait(lock, [this] { return stop_ || !queue_.empty(); });
    if (stop_) return;
    const PeerQuestion question = std::move(queue_.front());
    queue_.pop_front();
    lock.unlock();
    msg::Replies replies;
    replies.replies.push_back(answer(question));
    loop_.send({question.from, wire::encode(replies)});
  }
}

}  // namespace reeve::shell
