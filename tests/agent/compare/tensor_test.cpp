// `tensor`: .npy and .safetensors.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "agent/compare/compare.h"
#include "agent/compare/numbers.h"
#include "tests/agent/compare/samples.h"

namespace {

using namespace reeve;
using namespace reeve::agent::compare;
using namespace reeve::samples;

Verdict tensor(const Bytes& a, const Bytes& b, const std::string& bounds = "rtol=0,atol=0") {
  return compare_bytes(a, b, *parse_comparison("tensor:" + bounds));
}

Bytes floats(const std::vector<float>& values) {
  return npy_of("<f4", std::to_string(values.size()), bytes_of(values));
}
Bytes doubles(const std::vector<double>& values) {
  return npy_of("<f8", std::to_string(values.size()), bytes_of(values));
}
Bytes swapped(Bytes data, std::size_t width) {
  for (std::size_t i = 0; i < data.size(); i += width)
    std::reverse(data.begin() + static_cast<std::ptrdiff_t>(i),
                 data.begin() + static_cast<std::ptrdiff_t>(i + width));
  return data;
}

TEST(Tensor, TheAbsoluteBoundIsInclusiveToTheLastBit) {
  const double bound = 0.125;
  const double beyond = std::nextafter(bound, 1.0);
  EXPECT_TRUE(tensor(doubles({0, 1}), doubles({bound, 1}), "atol=0.125").same());
  EXPECT_FALSE(tensor(doubles({0, 1}), doubles({beyond, 1}), "atol=0.125").same());
  EXPECT_TRUE(tensor(doubles({bound}), doubles({0}), "atol=0.125").same());
  EXPECT_FALSE(tensor(doubles({beyond}), doubles({0}), "atol=0.125").same());
  EXPECT_TRUE(tensor(floats({0}), floats({0.125F}), "atol=0.125").same());
  EXPECT_FALSE(tensor(floats({0}), floats({std::nextafter(0.125F, 1.0F)}), "atol=0.125").same());
}

TEST(Tensor, TheRelativeBoundIsOfTheLargerAndSymmetric) {
  // max(4, 3) / 4 = 1 = |4 - 3|, whichever comes first; of the smaller it would not do.
  EXPECT_TRUE(tensor(doubles({4}), doubles({3}), "rtol=0.25").same());
  EXPECT_TRUE(tensor(doubles({3}), doubles({4}), "rtol=0.25").same());
  EXPECT_FALSE(tensor(doubles({4}), doubles({std::nextafter(3.0, 0.0)}), "rtol=0.25").same());
  EXPECT_FALSE(tensor(doubles({std::nextafter(3.0, 0.0)}), doubles({4}), "rtol=0.25").same());
  EXPECT_TRUE(tensor(doubles({-4}), doubles({-3}), "rtol=0.25").same());
  EXPECT_FALSE(tensor(doubles({-4}), doubles({4}), "rtol=0.25").same());
  EXPECT_TRUE(tensor(doubles({4}), doubles({2.5}), "rtol=0.25,atol=0.5").same());
  EXPECT_FALSE(tensor(doubles({4}), doubles({2.4999}), "rtol=0.25,atol=0.5").same());
}

TEST(Tensor, WithoutABoundOnlyEqualNumbersAgreeAndMinusZeroIsZero) {
  EXPECT_TRUE(tensor(doubles({0.0, 5}), doubles({-0.0, 5})).same());
  EXPECT_FALSE(tensor(doubles({1}), doubles({std::nextafter(1.0, 2.0)})).same());
  EXPECT_FALSE(tensor(doubles({0}), doubles({std::numeric_limits<double>::denorm_min()})).same());
}

TEST(Tensor, NaNIsNearNothingNotEvenItself) {
  const Bytes nan = floats({1, NAN});
  const Verdict verdict = tensor(nan, nan, "rtol=1e9,atol=1e9");
  EXPECT_EQ(verdict.agreement, Agreement::kDiffer);
  EXPECT_EQ(verdict.why, "1 of 2 numbers differ by more than the bound, the worst nan and nan at [1]");
  EXPECT_FALSE(tensor(nan, floats({1, 1}), "rtol=1e9,atol=1e9").same());
}

TEST(Tensor, InfinitiesAgreeWithThemselvesAlone) {
  EXPECT_TRUE(tensor(floats({INFINITY, -INFINITY}), floats({INFINITY, -INFINITY})).same());
  EXPECT_FALSE(tensor(floats({INFINITY}), floats({-INFINITY}), "rtol=10").same());
  EXPECT_FALSE(tensor(floats({INFINITY}), floats({3e38F}), "rtol=1e9,atol=1e9").same());
  const double most = std::numeric_limits<double>::max();
  EXPECT_FALSE(tensor(doubles({most}), doubles({-most}), "rtol=1e9").same()) << "the difference overflows";
}

TEST(Tensor, OrderAndByteOrderDoNotCountButPlacesDo) {
  const std::vector<float> rows = {0, 1, 2, 3, 4, 5};     // [2, 3]
  const std::vector<float> columns = {0, 3, 1, 4, 2, 5};  // the same, columns first
  const Bytes c_order = npy_of("<f4", "2, 3", bytes_of(rows));
  EXPECT_TRUE(tensor(c_order, npy_of("<f4", "2, 3", bytes_of(columns), true)).same());
  EXPECT_TRUE(tensor(c_order, npy_of(">f4", "2, 3", swapped(bytes_of(rows), 4))).same());
  const Verdict verdict = tensor(c_order, npy_of("<f4", "2, 3", bytes_of(rows), true));
  EXPECT_EQ(verdict.why, "4 of 6 numbers differ by more than the bound, the worst 2 and 4 at [0, 2]");
}

TEST(Tensor, ShapesAndTypesCount) {
  const Bytes data = bytes_of(std::vector<float>{1, 2, 3, 4});
  EXPECT_EQ(tensor(npy_of("<f4", "4", data), npy_of("<f4", "2, 2", data)).why, "shape [4] and shape [2, 2]");
  EXPECT_EQ(tensor(npy_of("<f4", "4", data), npy_of("<i4", "4", data)).why, "float32 and int32");
  EXPECT_TRUE(
      tensor(npy_of("<f4", "", bytes_of(std::vector<float>{1})),
             npy("{'shape': (), 'fortran_order': False, 'descr': '<f4'}", bytes_of(std::vector<float>{1})))
          .same());
}

TEST(Tensor, AllVersionsAndTypesOfNpyAreRead) {
  const std::string header = "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }\n";
  const Bytes one = bytes_of(std::vector<float>{1});
  for (const int version : {2, 3})
    EXPECT_TRUE(tensor(npy(header, one), npy(header, one, version)).same()) << version;
  for (const char* descr :
       {"|b1", "|i1", "|u1", "<i2", ">u2", "<i4", ">u4", "<i8", ">u8", "<f2", ">f4", "<f8"}) {
    const std::size_t width = static_cast<std::size_t>(descr[2] - '0');
    Bytes zeros(2 * width, 0);
    const Bytes before = npy_of(descr, "2", zeros);
    EXPECT_TRUE(tensor(before, npy_of(descr, " 2 ", zeros)).same()) << descr;
    zeros[width] = 1;
    EXPECT_EQ(tensor(before, npy_of(descr, "2", zeros)).agreement, Agreement::kDiffer) << descr;
  }
}

TEST(Tensor, IntegersOf64BitsKeepTheirLastBit) {
  const std::int64_t big = (std::int64_t{1} << 62) + 1;
  const auto file = [](std::int64_t value) {
    return npy_of("<i8", "1", bytes_of(std::vector<std::int64_t>{value}));
  };
  EXPECT_FALSE(tensor(file(big), file(big - 1)).same()) << "as doubles they would be equal";
  EXPECT_TRUE(tensor(file(big), file(big - 1), "atol=1").same());
  EXPECT_FALSE(tensor(file(big), file(big - 2), "atol=1").same());
  EXPECT_FALSE(tensor(file(std::numeric_limits<std::int64_t>::min()),
                      file(std::numeric_limits<std::int64_t>::max()), "rtol=1.5")
                   .same())
      << "the distance needs 64 bits";
}

TEST(Tensor, TruthValuesMustBeEqualWhateverTheBound) {
  EXPECT_FALSE(tensor(npy_of("|b1", "2", {0, 1}), npy_of("|b1", "2", {1, 1}), "atol=5").same());
  EXPECT_TRUE(tensor(npy_of("|b1", "2", {0, 1}), npy_of("|b1", "2", {0, 2})).same()) << "both are true";
}

double number(Number type, std::uint64_t raw) {
  Bytes data;
  for (std::size_t i = 0; i < number_bytes(type); ++i)
    data.push_back(static_cast<std::uint8_t>(raw >> (8 * i)));
  return element_at({"", type, false, false, {1}, data}, 0).number;
}

TEST(Tensor, SmallFloatsHaveTheValuesOfTheirDefinitions) {
  EXPECT_EQ(number(Number::kF16, 0x3c00), 1.0);
  EXPECT_EQ(number(Number::kF16, 0x0001), std::ldexp(1, -24));
  EXPECT_EQ(number(Number::kF16, 0xfbff), -65504.0);
  EXPECT_TRUE(std::isinf(number(Number::kF16, 0x7c00)));
  EXPECT_TRUE(std::isnan(number(Number::kF16, 0x7c01)));
  EXPECT_EQ(number(Number::kBF16, 0x3f80), 1.0);
  EXPECT_EQ(number(Number::kBF16, 0xc049), -3.140625);
  EXPECT_EQ(number(Number::kF8E4M3, 0x7e), 448.0);
  EXPECT_EQ(number(Number::kF8E4M3, 0x01), std::ldexp(1, -9));
  EXPECT_TRUE(std::isnan(number(Number::kF8E4M3, 0xff)));
  EXPECT_EQ(number(Number::kF8E5M2, 0x7b), 57344.0);
  EXPECT_TRUE(std::isinf(number(Number::kF8E5M2, 0xfc)));
  EXPECT_EQ(number(Number::kF8E8M0, 127), 1.0);
  EXPECT_TRUE(std::isnan(number(Number::kF8E8M0, 0xff)));
}

constexpr const char* kTwo =
    R"({"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"BF16","shape":[1],"data_offsets":[8,10]}})";

Bytes two_tensors(float second, std::uint16_t bias) {
  return joined(bytes_of(std::vector<float>{1, second}), bytes_of(std::vector<std::uint16_t>{bias}));
}

TEST(Safetensors, OrderAndMetadataDoNotCountAndNumbersDo) {
  const Bytes one = safetensors(kTwo, two_tensors(2, 0x3f80));
  const Bytes other_order =
      joined(bytes_of(std::vector<std::uint16_t>{0x3f80}), bytes_of(std::vector<float>{1, 2}));
  const char* header =
      R"({"__metadata__":{"format":"pt"},"b":{"shape":[1],"dtype":"BF16","data_offsets":[0,2]},)"
      R"("w":{"dtype":"F32","data_offsets":[2,10],"shape":[2]}}   )";
  EXPECT_TRUE(tensor(one, safetensors(header, other_order)).same());
  EXPECT_EQ(tensor(one, safetensors(kTwo, two_tensors(2.5, 0x3f80)), "atol=0.25").why,
            "tensor 'w': 1 of 2 numbers differ by more than the bound, the worst 2 and 2.5 at [1]");
  EXPECT_TRUE(tensor(one, safetensors(kTwo, two_tensors(2.5, 0x3f80)), "atol=0.5").same());
  // One step of a bfloat16 above 1 is 2^-7.
  EXPECT_TRUE(tensor(one, safetensors(kTwo, two_tensors(2, 0x3f81)), "atol=0.0078125").same());
  EXPECT_FALSE(tensor(one, safetensors(kTwo, two_tensors(2, 0x3f81)), "atol=0.0078124").same());
}

TEST(Safetensors, NamesShapesAndTypesCount) {
  const Bytes data(4, 0);
  const auto file = [&](const std::string& name, const std::string& dtype, const std::string& shape) {
    return safetensors(
        "{\"" + name + R"(":{"dtype":")" + dtype + R"(","shape":)" + shape + R"(,"data_offsets":[0,4]}})",
        data);
  };
  const Bytes one = file("w", "F32", "[1]");
  EXPECT_EQ(tensor(one, file("v", "F32", "[1]")).why, "tensor 'v' is in one of them only");
  EXPECT_EQ(tensor(one, file("w", "F32", "[1,1]")).why, "tensor 'w': shape [1] and shape [1, 1]");
  EXPECT_EQ(tensor(one, file("w", "I32", "[1]")).why, "tensor 'w': float32 and int32");
  for (const char* dtype : {"BOOL", "U8", "I8", "F8_E4M3", "F8_E5M2", "F8_E8M0"})
    EXPECT_TRUE(decode_tensors(file("w", dtype, "[4]")).ok()) << dtype;
  for (const char* dtype : {"U16", "I16", "F16", "BF16"})
    EXPECT_TRUE(decode_tensors(file("w", dtype, "[2]")).ok()) << dtype;
  for (const char* dtype : {"U64", "I64", "F64"})
    EXPECT_TRUE(decode_tensors(file("w", dtype, "[0, 7]")).error().code == ErrorCode::kCorrupt) << dtype;
}

TEST(Tensor, DamagedFilesDifferAndStrangeOnesAreUndecidable) {
  const Bytes whole = floats({1, 2, 3});
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const Bytes part(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
    ASSERT_EQ(tensor(whole, part, "atol=100").agreement, Agreement::kDiffer) << size;
  }
  EXPECT_EQ(tensor(whole, joined(whole, {0}), "atol=100").agreement, Agreement::kDiffer);
  const Bytes objects = npy_of("|O", "1", {1, 2, 3});
  EXPECT_EQ(tensor(objects, npy_of("|O", "1", {1, 2, 4})).agreement, Agreement::kUndecidable);
  EXPECT_EQ(tensor(objects, whole).agreement, Agreement::kDiffer);
  EXPECT_TRUE(tensor(objects, objects).same());
}

TEST(Tensor, HostileHeadersOfNpyAreRefused) {
  const Bytes data = bytes_of(std::vector<float>{1});
  const std::string zero = "{'descr': '<f4', 'fortran_order': False, 'shape': ";
  for (const std::string& header :
       {zero + "(18446744073709551615, 18446744073709551615), }", zero + "(4611686018427387904, 4), }",
        zero + "(99999999999999999999,), }", zero + "(-1,), }", zero + "(1", zero + "(1,)",
        zero + "(1,), 'x': 1}", zero + "(1,), 'descr': '<f4'}", zero + "(1,), } x", std::string("{}"),
        std::string(), std::string("{'descr': "), zero + "(1,), }" + std::string(1, '\0')}) {
    EXPECT_FALSE(decode_tensors(npy(header, data)).ok()) << header;
  }
  // Nothing to compare, though the product of the sides would take for ever to walk.
  const Bytes endless = npy(zero + "(9223372036854775807, 9223372036854775807, 0), }", {});
  EXPECT_TRUE(tensor(endless, endless).same());
  Bytes long_header = npy(zero + "(1,), }", data, 2);
  long_header[11] = 0x7f;
  EXPECT_EQ(decode_tensors(long_header).error().code, ErrorCode::kExhausted);
}

TEST(Safetensors, HostileHeadersAreRefused) {
  const Bytes data(8, 0);
  const std::string good = R"("w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]})";
  ASSERT_TRUE(decode_tensors(safetensors("{" + good + "}", data)).ok());
  for (const std::string& header :
       {"{" + good + "," + good + "}",
        "{" + good + R"(,"v":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})",
        std::string(R"({"w":{"dtype":"F32","shape":[1],"data_offsets":[0,8]}})"),
        std::string(R"({"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})"),
        std::string(R"({"w":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})"),
        std::string(R"({"w":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}})"),
        std::string(R"({"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8,8]}})"),
        std::string(R"({"w":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}})"),
        std::string(R"({"w":{"dtype":"F32","shape":[2.0],"data_offsets":[0,8]}})"),
        std::string(R"({"w":{"dtype":"F32","shape":[[2]],"data_offsets":[0,8]}})"),
        std::string(R"({"w":{"dtype":"F32","dtype":"F32","shape":[2],"data_offsets":[0,8]}})"),
        std::string(R"({"w":{"dtype":"F32","shape":[2]}})"), std::string(R"({"w":7})"),
        std::string(R"({"__metadata__":{"a":{"b":"c"}}})"), "{" + good, "{" + good + "}}",
        "{\"w\":" + std::string(100000, '{'), "{\"w\":" + std::string(100000, '[')}) {
    EXPECT_FALSE(decode_tensors(safetensors(header, data)).ok()) << header.substr(0, 200);
  }
  Bytes huge = safetensors("{" + good + "}", data);
  huge[4] = 1;  // a length of 4 GiB: more than the file
  EXPECT_EQ(tensor(huge, huge).agreement, Agreement::kSame) << "by its bytes: it is no such file";
  EXPECT_EQ(decode_safetensors(huge).error().code, ErrorCode::kCorrupt);
}

}  // namespace
