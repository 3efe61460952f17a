# Makes a Markdown table of the lines that DeviationReport prints, out of whatever else the tests print:
#   LECTERN_REPORT_DEVIATIONS=1 make test ROUNDS=numerics | awk -f Tests/DeviationReporting/deviations.awk
BEGIN { FS = "\t" }

NF == 4 {
  gsub(/\|/, "\\|")
  key = $1 FS $2 FS $3
  # "inf" must win over every number, and awk takes it for 0.
  worst = $4 ~ /inf/ ? 1e308 : $4 + 0
  if (!(key in value) || worst > value[key]) { value[key] = worst; text[key] = $4 }
}

END {
  print "| part | reference | tolerance | worst measured |"
  print "|---|---|---|---|"
  fflush()
  sorted = "LC_ALL=C sort"
  for (key in text) { split(key, field, FS); print "| " field[1] " | " field[2] " | " field[3] " | " text[key] " |" | sorted }
  close(sorted)
}
