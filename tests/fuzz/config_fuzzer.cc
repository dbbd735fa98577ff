#include "fuzz_input.h"
#include "sluice/config/config_parser.h"

// The text of a sluice.yaml.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto no_variables = [](const std::string&) { return std::nullopt; };
  const auto reading = sluice::config::ReadConfig(sluice::fuzz::Text(data, size),
                                                  "/etc/sluice/sluice.yaml", no_variables);
  if (reading.mistakes.empty()) (void)sluice::config::SelectTables(reading.config, {"*", "a[b-"});
  return 0;
}
