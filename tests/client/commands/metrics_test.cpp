#include "client/metrics.h"

#include <gtest/gtest.h>

namespace reeve::client {
namespace {

constexpr LogName kTask{0, 3, 10};

TEST(Metrics, ALineNamesValuesAndTheStepTheyAreOf) {
  const auto metrics = parse_metrics("reeve_metric: loss=0.25 lr=1e-3 step=12 phase=warm-up\r");
  ASSERT_TRUE(metrics.has_value());
  EXPECT_EQ(metrics->step, 12);
  EXPECT_EQ(metrics->values, (std::vector<std::pair<std::string, std::string>>{
                                 {"loss", "0.25"}, {"lr", "1e-3"}, {"phase", "warm-up"}}));
}

TEST(Metrics, OtherLinesAreNone) {
  for (const char* line : {"", "loss=1", " reeve_metric: loss=1", "reeve_metric", "reeve_metric:",
                           "reeve_metric: step=3", "reeve_metric: =1 loss= a b", "reeve_metric: lo$s=1"})
    EXPECT_FALSE(parse_metrics(line).has_value()) << line;
}

TEST(Metrics, AStepThatIsNoWholeNumberIsAValue) {
  const auto metrics = parse_metrics("reeve_metric: step=first");
  ASSERT_TRUE(metrics.has_value());
  EXPECT_FALSE(metrics->step.has_value());
  EXPECT_EQ(metrics->values.size(), 1u);
}

TEST(Metrics, ALineHasABoundedNumberOfValues) {
  std::string line = "reeve_metric:";
  for (int i = 0; i < 10'000; ++i)
    line += " v" + std::to_string(i) + "=1";
  EXPECT_EQ(parse_metrics(line)->values.size(), 64u);
}

TEST(Metrics, ATaskIsARowOfItsLastValues) {
  const std::string log =
      "start\nreeve_metric: loss=3 seed=7 step=1\nnoise\nreeve_metric: loss=2 step=2\nreeve_metric: loss=1";
  const auto rows = metric_rows(kTask, log, false);
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0].metrics.step, 2);
  EXPECT_EQ(rows[0].metrics.values,
            (std::vector<std::pair<std::string, std::string>>{{"loss", "1"}, {"seed", "7"}}));
  EXPECT_EQ(metric_rows(kTask, log, true).size(), 3u);
  EXPECT_TRUE(metric_rows(kTask, "", true).empty());
}

TEST(Metrics, TheTableHasAColumnForEachNameThatAnyTaskSaid) {
  auto rows = metric_rows(kTask, "reeve_metric: loss=0.5\n", false);
  const auto more = metric_rows({0, 4, 11}, "reeve_metric: loss=nan f1=0.9\n", false);
  rows.insert(rows.end(), more.begin(), more.end());
  const View view = metrics_view(rows, false, Style{});
  EXPECT_EQ(view.text, "TASK  loss   f1\n   3   0.5     \n   4   nan  0.9\n");
  EXPECT_EQ(view.json["metrics"][0]["values"]["loss"], 0.5);
  EXPECT_EQ(view.json["metrics"][1]["values"]["loss"], "nan");  // JSON has no number for it
  EXPECT_TRUE(view.json["metrics"][0]["metric_step"].is_null());
  EXPECT_EQ(metrics_csv(rows, false), "task,step,loss,f1\n3,,0.5,\n4,,nan,0.9\n");
}

TEST(Metrics, CsvQuotesWhatNeedsIt) {
  const auto rows = metric_rows(kTask, "reeve_metric: note=a\"b\n", false);
  EXPECT_EQ(metrics_csv(rows, true), "task,step,note\n0/3,,\"a\"\"b\"\n");
}

TEST(Metrics, NoLineIsSaidSo) {
  EXPECT_NE(metrics_view({}, false, Style{}).text.find("reeve_metric"), std::string::npos);
}

}  // namespace
}  // namespace reeve::client
