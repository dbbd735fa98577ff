#pragma once

#include <algorithm>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "sluice/exporter/report/report.h"
#include "sluice/exporter/report/table_error.h"

namespace sluice::exporter {

/// Findings about one subject, added one a line.
class Findings {
 public:
  explicit Findings(std::string subject) : subject_(std::move(subject)) {}
  void Add(Severity severity, std::string message, std::string fix = {}) {
    findings_.push_back({subject_, severity, std::move(message), std::move(fix), std::nullopt});
  }
  /// Mistakes of the config come one a line: each is a finding of its own. What several looks at the table
  /// found is reported once.
  void AddFault(const Error& error) {
    std::istringstream lines(error.message);
    for (std::string line; std::getline(lines, line);) {
      const bool told =
          std::any_of(findings_.begin(), findings_.end(),
                      [&](const Finding& finding) { return finding.message == line; });
      if (told) continue;
      findings_.push_back({subject_, Severity::kFault, line,
                           error.remedy.empty() ? std::string(UsualRemedy(error.kind))
                                                : WithName(error.remedy, subject_),
                           error.kind});
    }
  }
  const std::vector<Finding>& all() const { return findings_; }
  std::vector<Finding> Take() && { return std::move(findings_); }

 private:
  std::string subject_;
  std::vector<Finding> findings_;
};

}  // namespace sluice::exporter
