#pragma once

#include <filesystem>
#include <memory>

#include "client/context.h"
#include "client/fetch.h"

namespace reeve::client {

/// A fetcher that asks the context's region for pages and blobs. The region must have been spoken to.
std::unique_ptr<Fetcher> make_fetcher(Context& context, JobId job, const std::filesystem::path& folder,
                                      const FetchOptions& options);

}  // namespace reeve::client
