#include "client/results.h"

namespace reeve::client {

std::unique_ptr<Fetcher> make_fetcher(Context& context, JobId job, const std::filesystem::path& folder,
                                      const FetchOptions& options) {
  ResultSource source;
  source.page = [&context](StepRef step, TaskIndex first) -> Result<msg::ResultPage> {
    auto connection = context.region();
    if (!connection) return connection.error();
    return (*connection)->fetch_results(step, first);
  };
  source.blob = [&context](const Digest& digest, std::uint64_t size_bytes) -> Result<Bytes> {
    auto bulk = context.bulk();
    if (!bulk) return bulk.error();
    return (*bulk)->get(digest, size_bytes);
  };
  return std::make_unique<Fetcher>(job, folder, options, std::move(source));
}

}  // namespace reeve::client
