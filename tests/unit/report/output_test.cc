#include "report/output.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "base/unique_fd.h"

namespace sandgauge::output_test {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class OutputTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = fs::temp_directory_path() / "sandgauge-output-XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    directory_ = pattern;
  }
  void TearDown() override { fs::remove_all(directory_); }

  [[nodiscard]] std::string path(const std::string& name) const { return directory_ / name; }
  [[nodiscard]] std::vector<std::string> names() const {
    std::vector<std::string> found;
    for (const auto& entry : fs::directory_iterator(directory_)) found.push_back(entry.path().filename());
    std::ranges::sort(found);
    return found;
  }
  /// A memory device (Documentation/admin-guide/devices.txt, major 1) that a wrong write_report() can do no harm to: it
  /// would replace the machine's own /dev/null, if it may. Who may gets a node in the test's directory; empty if that cannot
  /// be.
  [[nodiscard]] std::string device(const std::string& name, unsigned minor_number) const {
    if (::access("/dev", W_OK) != 0) return "/dev/" + name;
    if (::mknod(path(name).c_str(), S_IFCHR | 0600, makedev(1, minor_number)) != 0) return "";
    const UniqueFd usable(::open(path(name).c_str(), O_WRONLY | O_CLOEXEC));
    return usable ? path(name) : "";
  }
  static std::string read(const std::string& file) {
    std::ostringstream content;
    content << std::ifstream(file).rdbuf();
    return content.str();
  }
  static mode_t mode(const std::string& file) {
    struct stat status {};
    ::stat(file.c_str(), &status);
    return status.st_mode & 07777;
  }

  fs::path directory_;
};

/// Lowers the file size limit while it lives.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit lowered{bytes, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &lowered);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;
  ~FileSizeLimit() { ::setrlimit(RLIMIT_FSIZE, &before_); }

 private:
  rlimit before_{};
};

TEST_F(OutputTest, ANewFileIsWrittenWithTheUmask) {
  const mode_t before = ::umask(027);
  const Result<void> written = write_report(path("r.xml"), "content");
  ::umask(before);
  ASSERT_TRUE(written) << written.error().message;
  EXPECT_EQ(read(path("r.xml")), "content");
  EXPECT_EQ(mode(path("r.xml")), 0640U);
  EXPECT_THAT(names(), ElementsAre("r.xml"));
}

TEST_F(OutputTest, APlaceIsCheckedWithoutWriting) {
  for (const std::string& good : {std::string("-"), std::string("/dev/null"), path("new")})
    EXPECT_TRUE(check_report_path(good));
  EXPECT_TRUE(names().empty());
  for (const std::string& bad : {path("no/such"), path(".")}) {
    const Result<void> checked = check_report_path(bad);
    ASSERT_FALSE(checked) << bad;
    EXPECT_EQ(checked.error(), write_report(bad, "x").error());
  }
}

TEST_F(OutputTest, AnExistingFileIsReplacedAndKeepsItsMode) {
  std::ofstream(path("r.xml")) << "old and longer";
  ::chmod(path("r.xml").c_str(), 0604);
  ASSERT_TRUE(write_report(path("r.xml"), "new"));
  EXPECT_EQ(read(path("r.xml")), "new");
  EXPECT_EQ(mode(path("r.xml")), 0604U);
  EXPECT_THAT(names(), ElementsAre("r.xml"));
}

TEST_F(OutputTest, AReaderOfTheOldFileStillSeesItWhole) {
  std::ofstream(path("r.xml")) << "old";
  std::ifstream reader(path("r.xml"));
  ASSERT_TRUE(write_report(path("r.xml"), "new"));
  std::string content;
  reader >> content;
  EXPECT_EQ(content, "old");
}

TEST_F(OutputTest, AnExistingFileKeepsItsOwner) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root may give a file away";
  std::ofstream(path("r.xml")) << "old";
  ASSERT_EQ(::chown(path("r.xml").c_str(), 1234, 5678), 0);
  ASSERT_TRUE(write_report(path("r.xml"), "new"));
  struct stat status {};
  ASSERT_EQ(::stat(path("r.xml").c_str(), &status), 0);
  EXPECT_EQ(status.st_uid, 1234U);
  EXPECT_EQ(status.st_gid, 5678U);
}

TEST_F(OutputTest, ALinkIsFollowed) {
  fs::create_directory(directory_ / "real");
  std::ofstream(path("real/r.xml")) << "old";
  fs::create_symlink("real/r.xml", path("link"));
  ASSERT_TRUE(write_report(path("link"), "new"));
  EXPECT_TRUE(fs::is_symlink(path("link")));
  EXPECT_EQ(read(path("real/r.xml")), "new");
}

TEST_F(OutputTest, TheLongestNameCanBeWritten) {
  const std::string name(255, 'n');
  ASSERT_TRUE(write_report(path(name), "x"));
  EXPECT_THAT(names(), ElementsAre(name));
}

TEST_F(OutputTest, AFullDiskIsAnErrorWithItsPathAndErrno) {
  const std::string full = device("full", 7);
  if (full.empty()) GTEST_SKIP() << "no device node that is safe to write to";
  const Result<void> written = write_report(full, "content");
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().message, "cannot write " + full + ": write: ENOSPC (No space left on device)");
}

TEST_F(OutputTest, AFailedWriteLeavesTheOldFileAndNothingElse) {
  std::ofstream(path("r.xml")) << "old";
  Result<void> written;
  {
    const FileSizeLimit limit(1000);
    written = write_report(path("r.xml"), std::string(5000, 'x'));
  }
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().message, "cannot write " + path("r.xml") + ": write: EFBIG (File too large)");
  EXPECT_EQ(read(path("r.xml")), "old");
  EXPECT_THAT(names(), ElementsAre("r.xml"));
}

TEST_F(OutputTest, AFailedWriteOfANewFileLeavesNothing) {
  const FileSizeLimit limit(1000);
  EXPECT_FALSE(write_report(path("r.xml"), std::string(5000, 'x')));
  EXPECT_THAT(names(), IsEmpty());
}

TEST_F(OutputTest, AMissingDirectoryIsAnErrorThatNamesThePath) {
  const Result<void> written = write_report(path("missing/r.xml"), "x");
  ASSERT_FALSE(written);
  EXPECT_THAT(written.error().message, HasSubstr("missing/r.xml: create a temporary file beside it: ENOENT"));
  EXPECT_THAT(names(), IsEmpty());
}

TEST_F(OutputTest, ADirectoryIsRefused) {
  const Result<void> written = write_report(directory_, "x");
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().message, "cannot write " + directory_.string() + ": EISDIR (Is a directory)");
  EXPECT_THAT(names(), IsEmpty());
}

TEST_F(OutputTest, AnEmptyPathIsRefused) { EXPECT_FALSE(write_report("", "x")); }

TEST_F(OutputTest, ADeviceIsWrittenDirectlyAndStaysOne) {
  const std::string null = device("null", 3);
  if (null.empty()) GTEST_SKIP() << "no device node that is safe to write to";
  ASSERT_TRUE(write_report(null, "x"));
  EXPECT_TRUE(fs::is_character_file(null));
}

TEST_F(OutputTest, AFifoIsWrittenDirectly) {
  ASSERT_EQ(::mkfifo(path("fifo").c_str(), 0600), 0);
  std::string received;
  std::thread reader([&] { received = read(path("fifo")); });
  const Result<void> written = write_report(path("fifo"), "through");
  reader.join();
  ASSERT_TRUE(written) << written.error().message;
  EXPECT_EQ(received, "through");
  EXPECT_TRUE(fs::is_fifo(path("fifo")));
}

/// Runs write_report("-") with another standard output, on which `printed` waits in stdio's buffer.
Result<void> write_to_stdout(int fd, std::string_view content, const char* printed = "") {
  std::fflush(stdout);
  const UniqueFd before(::dup(STDOUT_FILENO));
  ::dup2(fd, STDOUT_FILENO);
  std::fputs(printed, stdout);
  Result<void> written = write_report("-", content);
  ::dup2(before.get(), STDOUT_FILENO);
  return written;
}

TEST_F(OutputTest, DashIsStandardOutputAfterWhatWasPrinted) {
  const UniqueFd fd(::open(path("out").c_str(), O_WRONLY | O_CREAT, 0600));
  ASSERT_TRUE(write_to_stdout(fd.get(), "to stdout", "before "));
  EXPECT_EQ(read(path("out")), "before to stdout");
  EXPECT_FALSE(fs::exists("-"));
}

TEST_F(OutputTest, AClosedPipeIsAnErrorNotADeath) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const UniqueFd write_end(ends[1]);
  ::close(ends[0]);
  const Result<void> written = write_to_stdout(write_end.get(), "x");
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().message, "cannot write standard output: write: EPIPE (Broken pipe)");
  sigset_t pending;
  sigpending(&pending);
  EXPECT_EQ(sigismember(&pending, SIGPIPE), 0);
}

TEST_F(OutputTest, ANonBlockingPipeIsWaitedFor) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_NONBLOCK), 0);
  const UniqueFd read_end(ends[0]);
  UniqueFd write_end(ends[1]);
  const std::string content(300'000, 'x');  // more than a pipe holds
  std::size_t received = 0;
  std::thread reader([&] {
    ::fcntl(read_end.get(), F_SETFL, 0);
    char buffer[65536];
    for (ssize_t n = 0; (n = ::read(read_end.get(), buffer, sizeof(buffer))) > 0;) received += static_cast<std::size_t>(n);
  });
  const Result<void> written = write_to_stdout(write_end.get(), content);
  write_end.reset();
  reader.join();
  ASSERT_TRUE(written) << written.error().message;
  EXPECT_EQ(received, content.size());
}

}  // namespace
}  // namespace sandgauge::output_test
