#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/result.h"

namespace reeve::client {

/// A line of the form "label: value".
struct ReportFact {
  std::string label;
  std::string value;
};

struct ReportFrame {
  std::uint64_t number = 0;
  std::string image;  ///< path of a PNG, relative to the page
};

/// How an attempt ended; it decides how its bar is drawn.
enum class AttemptEnd {
  kAgreed,     ///< its root became canonical
  kDisagreed,  ///< its root was found wrong
  kReferee,    ///< a referee's recomputation
  kLost,       ///< the lease ran out, or the agent went away
};

struct ReportAttempt {
  double start_s = 0;  ///< since the job was accepted
  double end_s = 0;
  std::string label;  ///< shown when pointed at
  AttemptEnd end = AttemptEnd::kAgreed;
};

/// One agent's row of the timeline. Rows of one owner share a colour.
struct ReportAgent {
  std::string name;
  std::string owner;
  std::vector<ReportAttempt> attempts;
};

/// The part of a frame in which two results first differ.
struct ReportLeaf {
  std::uint64_t x = 0, y = 0, width = 0, height = 0;  ///< pixels, from the top left
  std::uint64_t image_width = 0, image_height = 0;    ///< pixels of the whole frame
};

/// What the cheat handed in, beside the truth.
struct ReportCheat {
  std::string headline;
  std::string cheat_image;  ///< paths of PNGs, relative to the page
  std::string true_image;
  std::string cheat_detail;  ///< the leaf and its surroundings, enlarged; may be empty
  std::string true_detail;
  ReportLeaf leaf;
  std::vector<ReportFact> evidence;
};

/// An owner's account, in micro-credits.
struct ReportAccount {
  std::string owner;
  std::string standing;  ///< for instance "in good standing", "convicted"
  bool convicted = false;
  std::int64_t earned = 0, held = 0, vested = 0, slashed = 0, stake = 0;
};

/// All that the page of one job shows.
struct ReportPage {
  std::string title;
  std::string subtitle;
  std::vector<ReportFact> summary;
  std::vector<ReportFrame> frames;
  std::string contact_sheet;  ///< may be empty
  std::string video;          ///< may be empty
  std::vector<ReportAgent> agents;
  std::optional<ReportCheat> cheat;
  std::vector<ReportAccount> accounts;
  std::string ledger_line;
  bool ledger_verified = false;
};

/// Reads the JSON form of the page: the fields above by their names; times in seconds, amounts in
/// micro-credits, an attempt's `end` as "agreed", "disagreed", "referee" or "lost". Fields that are missing
/// stay as they are by default; a field of the wrong kind is refused by name.
Result<ReportPage> parse_report_page(std::string_view json);

/// One self-contained HTML page: relative links to the images, no script, no other resource. All text is
/// escaped.
std::string render_report_html(const ReportPage& page);

}  // namespace reeve::client
