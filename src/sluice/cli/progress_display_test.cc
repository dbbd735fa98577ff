#include "sluice/cli/progress_display.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <pty.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <chrono>
#include <string>
#include <thread>

namespace sluice::cli {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

/// Makes stderr a terminal of so many columns for as long as it lives.
class Terminal {
 public:
  explicit Terminal(unsigned short columns) {
    winsize size{};
    size.ws_row = 24;
    size.ws_col = columns;
    EXPECT_EQ(openpty(&ours_, &theirs_, nullptr, nullptr, &size), 0);
    fcntl(ours_, F_SETFL, O_NONBLOCK);
    before_ = dup(STDERR_FILENO);
    dup2(theirs_, STDERR_FILENO);
  }
  ~Terminal() {
    dup2(before_, STDERR_FILENO);
    for (const int file : {before_, theirs_, ours_}) close(file);
  }
  /// What was shown since the last call.
  std::string Read() const {
    std::string text;
    char part[4096];
    for (ssize_t n = 0; (n = read(ours_, part, sizeof part)) > 0;)
      text.append(part, static_cast<size_t>(n));
    return text;
  }
  /// The last line shown, once there is one; "" after ten seconds.
  std::string WaitForLine() const {
    std::string text;
    for (int i = 0; i < 1000 && text.find("left") == std::string::npos; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
      text += Read();
    }
    return text.substr(text.rfind('\x1b') == std::string::npos ? 0 : text.rfind('\x1b') + 3);
  }

 private:
  int ours_ = -1, theirs_ = -1, before_ = -1;
};

/// Half of 2,000 rows.
void Advance(transfer::Progress& progress) {
  progress.rows_read = 1'000;
  progress.rows_exported = 900;
  progress.bytes_written = 1 << 20;
  progress.rows_expected = 2'000;
}

TEST(ProgressDisplayTest, ALineShowsShareRowsBytesAndTheTablesName) {
  const Terminal terminal(120);
  ProgressDisplay display(true);
  Advance(*display.Add("events"));
  const std::string line = terminal.WaitForLine();
  for (const char* part : {" 50%", "900 rows", "1.0 MiB", "rows/s", "events", "█", "░"}) {
    EXPECT_THAT(line, HasSubstr(part));
  }
}

TEST(ProgressDisplayTest, TablesAreShownTogether) {
  const Terminal terminal(120);
  ProgressDisplay display(true);
  transfer::Progress& first = *display.Add("events");
  Advance(*display.Add("users"));
  Advance(first);
  while (terminal.WaitForLine().find("1,800 rows") == std::string::npos) {
  }
}

TEST(ProgressDisplayTest, ANarrowTerminalGetsALineThatDoesNotWrap) {
  const Terminal terminal(30);
  ProgressDisplay display(true);
  Advance(*display.Add("events"));
  for (int i = 0; i < 1000; ++i) {
    const std::string text = terminal.Read();
    if (text.find('%') == std::string::npos) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
      continue;
    }
    EXPECT_LT(text.substr(text.rfind("\x1b[K") + 3).size(), 30u);
    return;
  }
  FAIL() << "nothing was shown";
}

TEST(ProgressDisplayTest, TheLineIsClearedForWhatIsPrintedAndAtTheEnd) {
  const Terminal terminal(120);
  {
    ProgressDisplay display(true);
    display.Interrupt([&] { EXPECT_THAT(terminal.Read(), EndsWith("\x1b[K")); });
  }
  EXPECT_THAT(terminal.Read(), EndsWith("\x1b[K"));
}

TEST(ProgressDisplayTest, NothingIsShownWhereItIsNotWanted) {
  const Terminal terminal(120);
  bool printed = false;
  {
    ProgressDisplay display(false);
    Advance(*display.Add("events"));
    display.Interrupt([&] { printed = true; });
  }
  EXPECT_TRUE(printed);
  EXPECT_THAT(terminal.Read(), IsEmpty());
}

TEST(ProgressDisplayTest, WithoutATerminalNothingIsShown) {
  ::testing::internal::CaptureStderr();
  {
    ProgressDisplay display(true);
    Advance(*display.Add("events"));
  }
  EXPECT_THAT(::testing::internal::GetCapturedStderr(), IsEmpty());
}

}  // namespace
}  // namespace sluice::cli
