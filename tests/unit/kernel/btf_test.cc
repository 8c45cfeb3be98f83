#include "kernel/btf.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/btf.h>

#include <string>

namespace sandgauge::btf_test {
namespace {

using testing::HasSubstr;

/// Writes BTF as the kernel does.
struct Btf {
  std::string types;
  std::string strings = std::string(1, '\0');

  template <class T>
  void put(const T& value) {
    types.append(reinterpret_cast<const char*>(&value), sizeof value);
  }
  void type(std::uint32_t kind, const std::string& name, std::uint32_t members = 0, std::size_t tail = 0) {
    btf_type one{};
    one.name_off = static_cast<std::uint32_t>(strings.size());
    one.info = kind << 24 | members;
    strings += name + '\0';
    put(one);
    types.append(tail, 'x');
  }
  [[nodiscard]] std::string text() const {
    btf_header header{};
    header.magic = BTF_MAGIC;
    header.version = 1;
    header.hdr_len = sizeof header;
    header.type_len = static_cast<std::uint32_t>(types.size());
    header.str_off = header.type_len;
    header.str_len = static_cast<std::uint32_t>(strings.size());
    return std::string(reinterpret_cast<const char*>(&header), sizeof header) + types + strings;
  }
};

Btf with_every_kind() {
  Btf btf;
  btf.type(BTF_KIND_INT, "int", 0, 4);
  btf.type(BTF_KIND_PTR, "");
  btf.type(BTF_KIND_ARRAY, "", 0, sizeof(btf_array));
  btf.type(BTF_KIND_STRUCT, "s", 2, 24);
  btf.type(BTF_KIND_UNION, "u", 1, 12);
  btf.type(BTF_KIND_ENUM, "e", 3, 24);
  btf.type(BTF_KIND_FUNC_PROTO, "", 2, 16);
  btf.type(BTF_KIND_FUNC, "wanted_not");
  btf.type(BTF_KIND_VAR, "wanted", 0, 4);
  btf.type(BTF_KIND_DATASEC, "d", 1, 12);
  btf.type(BTF_KIND_DECL_TAG, "t", 0, 4);
  btf.type(BTF_KIND_FLOAT, "f");
  btf.type(19, "enum64", 2, 24);
  btf.type(BTF_KIND_FUNC, "wanted");
  return btf;
}

TEST(BtfFunctionTest, FindsAFunctionBehindEveryOtherKind) {
  EXPECT_EQ(*btf_function(with_every_kind().text(), "wanted"), 14U);
}

TEST(BtfFunctionTest, TakesNeitherAnotherKindNorALongerName) {
  const auto id = btf_function(with_every_kind().text(), "e");
  ASSERT_FALSE(id);
  EXPECT_THAT(id.error().message, HasSubstr("no function e"));
  EXPECT_FALSE(btf_function(with_every_kind().text(), "want"));
}

TEST(BtfFunctionTest, RefusesAnUnknownKind) {
  Btf btf;
  btf.type(31, "x");
  btf.type(BTF_KIND_FUNC, "wanted");
  EXPECT_THAT(btf_function(btf.text(), "wanted").error().message, HasSubstr("unknown kind 31"));
}

TEST(BtfFunctionTest, SurvivesBeingCutOffAtAnyByte) {
  const std::string whole = with_every_kind().text();
  for (std::size_t length = 0; length < whole.size(); ++length)
    EXPECT_FALSE(btf_function(std::string_view(whole).substr(0, length), "wanted")) << length;
}

TEST(BtfFunctionTest, SurvivesAnyByteOfTheHeaderAndTheTypesBeingWrong) {
  const std::string whole = with_every_kind().text();
  for (std::size_t at = 0; at < whole.size(); ++at) {
    std::string broken = whole;
    broken[at] = static_cast<char>(0xff);
    static_cast<void>(btf_function(broken, "wanted"));  // whatever it says; the sanitizers watch
  }
}

TEST(BtfFunctionTest, RefusesAnotherByteOrder) {
  std::string swapped = with_every_kind().text();
  std::swap(swapped[0], swapped[1]);
  EXPECT_THAT(btf_function(swapped, "wanted").error().message, HasSubstr("first two bytes"));
}

}  // namespace
}  // namespace sandgauge::btf_test
