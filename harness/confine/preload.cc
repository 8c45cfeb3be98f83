#include "confine/preload.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/errno_text.h"

namespace sandgauge {
namespace {

constexpr std::string_view kLoaderVariable = "LD_PRELOAD=";

}  // namespace

Result<Preload> Preload::make() {
  UniqueFd fd(::memfd_create("sandgauge-preload", MFD_CLOEXEC));
  if (!fd) return fail("memfd_create: {}", errno_text(errno));
  if (::ftruncate(fd.get(), sizeof(PreloadSheet)) != 0) return fail("ftruncate: {}", errno_text(errno));
  void* memory = ::mmap(nullptr, sizeof(PreloadSheet), PROT_READ | PROT_WRITE, MAP_SHARED, fd.get(), 0);
  if (memory == MAP_FAILED) return fail("mmap: {}", errno_text(errno));
  auto* sheet = static_cast<PreloadSheet*>(memory);  // a new file is zero bytes
  sheet->magic = kPreloadMagic;
  return Preload(std::move(fd), sheet);
}

Preload::~Preload() {
  if (sheet_ != nullptr) ::munmap(sheet_, sizeof(PreloadSheet));
}

Result<void> Preload::hand_over(const Program& program) {
  if (program.code.size() > kMostPreloadInstructions)
    return fail("the filter has {} instructions, the kernel takes {}", program.code.size(), kMostPreloadInstructions);
  std::ranges::copy(program.code, sheet_->code);
  sheet_->length = static_cast<std::uint32_t>(program.code.size());
  return {};
}

std::vector<std::string> Preload::environment(std::vector<std::string> words, const std::string& library) const {
  const std::string sheet = fmt::format("{}={}", kPreloadSheetVariable, fd_.get());
  std::erase_if(words, [](const std::string& word) { return word.starts_with(kPreloadSheetVariable); });
  words.push_back(sheet);
  if (library.empty()) return words;
  const auto set = std::ranges::find_if(words, [](const std::string& word) { return word.starts_with(kLoaderVariable); });
  if (set == words.end()) {
    words.push_back(std::string(kLoaderVariable) + library);
  } else {
    *set = fmt::format("{}{}:{}", kLoaderVariable, library, set->substr(kLoaderVariable.size()));
  }
  return words;
}

std::optional<SetupFailure> Preload::failure() const {
  switch (static_cast<PreloadStage>(sheet_->stage.load())) {
    case PreloadStage::loaded: return std::nullopt;
    case PreloadStage::untouched:
      return SetupFailure{"nothing was applied: the library was never loaded into the program", 0};
    case PreloadStage::nothing: return SetupFailure{"nothing was applied: the preloaded library found no variable", 0};
    case PreloadStage::failed: break;
  }
  if (sheet_->error == 0) return SetupFailure{"nothing was applied: the preloaded library refused its variables", 0};
  return SetupFailure{"nothing was applied: the preloaded library could not load the filter", sheet_->error};
}

}  // namespace sandgauge
