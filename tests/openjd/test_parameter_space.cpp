#include <gtest/gtest.h>

#include "openjd/parameter_space.h"

namespace reeve::openjd {
namespace {

TaskParameter ints(const std::string& name, std::string_view range) {
  return {name, ParameterType::kInt, *RangeExpr::parse(range)};
}
TaskParameter words(const std::string& name, std::vector<std::string> values) {
  return {name, ParameterType::kString, std::move(values)};
}

/// "A B C" of each task, in order.
std::vector<std::string> tasks_of(const std::vector<TaskParameter>& parameters,
                                  std::string_view combination) {
  std::vector<std::string> names;
  for (const TaskParameter& parameter : parameters)
    names.push_back(parameter.name);
  const Result<Combination> parsed = combination.empty() ? Combination::product_of_all(names.size())
                                                         : Combination::parse(combination, names);
  EXPECT_TRUE(parsed) << combination;
  const Result<ParameterSpace> space = ParameterSpace::make(parameters, *parsed);
  EXPECT_TRUE(space) << combination;
  std::vector<std::string> out;
  for (std::uint64_t i = 0; i < space->size(); ++i) {
    std::string task;
    for (const std::string& value : space->at(i))
      task += (task.empty() ? "" : " ") + value;
    out.push_back(task);
  }
  return out;
}

using Tasks = std::vector<std::string>;

TEST(ParameterSpace, WithoutParametersThereIsOneTask) {
  const ParameterSpace space;
  EXPECT_EQ(space.size(), 1U);
  EXPECT_TRUE(space.at(0).empty());
}

TEST(ParameterSpace, TheRightmostVariesFastest) {
  const std::vector<TaskParameter> two = {ints("A", "1-2"), words("B", {"x", "y", "z"})};
  const Tasks row_by_row = {"1 x", "1 y", "1 z", "2 x", "2 y", "2 z"};
  EXPECT_EQ(tasks_of(two, ""), row_by_row);
  EXPECT_EQ(tasks_of(two, "A * B"), row_by_row);
  EXPECT_EQ(tasks_of(two, "B * A"), (Tasks{"1 x", "2 x", "1 y", "2 y", "1 z", "2 z"}));
}

TEST(ParameterSpace, TupleMembersAdvanceTogether) {
  const std::vector<TaskParameter> three = {ints("A", "1-3"), ints("B", "11-13"), words("C", {"x", "y"})};
  EXPECT_EQ(tasks_of({three[0], three[1]}, "(A, B)"), (Tasks{"1 11", "2 12", "3 13"}));
  EXPECT_EQ(tasks_of(three, "(A, B) * C"),
            (Tasks{"1 11 x", "1 11 y", "2 12 x", "2 12 y", "3 13 x", "3 13 y"}));
}

TEST(ParameterSpace, TuplesOfProductsNest) {
  const std::vector<TaskParameter> four = {ints("A", "1-2"), ints("B", "1-3"), ints("C", "1-6"),
                                           ints("D", "8-9")};
  const Tasks tasks = tasks_of(four, "D * (A * B, C)");
  ASSERT_EQ(tasks.size(), 12U);
  EXPECT_EQ(tasks[0], "1 1 1 8");
  EXPECT_EQ(tasks[2], "1 3 3 8");
  EXPECT_EQ(tasks[3], "2 1 4 8");
  EXPECT_EQ(tasks[11], "2 3 6 9");
}

TEST(ParameterSpace, EveryTaskIsDistinctAndEveryValueAppears) {
  const std::vector<TaskParameter> parameters = {ints("A", "1-4"), ints("B", "1-6:2,9"), ints("C", "1-5")};
  for (const std::string_view combination : {"A * B * C", "(A, B) * C", "C * (B, A)", "B * C * A"}) {
    Tasks tasks = tasks_of(parameters, combination);
    std::sort(tasks.begin(), tasks.end());
    EXPECT_EQ(std::adjacent_find(tasks.begin(), tasks.end()), tasks.end()) << combination;
  }
}

TEST(ParameterSpace, MoreTasksThanAStepMayHaveAreRefused) {
  std::vector<TaskParameter> parameters = {ints("A", "1-100000"), ints("B", "1-42949")};
  EXPECT_TRUE(ParameterSpace::make(parameters, Combination::product_of_all(2)));
  parameters[1] = ints("B", "1-42950");
  EXPECT_FALSE(ParameterSpace::make(parameters, Combination::product_of_all(2)));
}

TEST(ParameterSpace, ReusedMemoryHoldsTheNewTask) {
  const Result<ParameterSpace> space = ParameterSpace::make(
      {words("A", {"a longer word than fits inline", "b"})}, Combination::product_of_all(1));
  TaskValues values = {"old", "older"};
  space->at(0, values);
  space->at(1, values);
  EXPECT_EQ(values, (TaskValues{"b"}));
}

}  // namespace
}  // namespace reeve::openjd
