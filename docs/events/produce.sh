#!/bin/sh
# Be an LMS with kcat: a course, a learner's consent, and JPEG or PNG files as that learner's frames.
#
#     apt-get install kcat
#     sh produce.sh localhost:9092 frame1.jpg frame2.jpg …
set -eu
servers=$1
shift
here=$(dirname "$0")
# GNU date's.
stamp() { date -u -d "@$1" +%Y-%m-%dT%H:%M:%SZ; }
start=$(($(date +%s) - $#))
unique() { cat /proc/sys/kernel/random/uuid; }
session="session-$(unique)"

# kcat takes a line for a record, so an event's line ends go. "Now" is newer than what was said before.
control() { # example key seconds
  sed "s/\"time\": *\"[^\"]*\"/\"time\": \"$(stamp "$3")\"/" "$here/examples/$1.json" | tr -d '\n' |
    kcat -P -b "$servers" -t "${CONTROL_TOPIC:-lectern.control.v1}" -k "$2" -X acks=all \
      -X partitioner=murmur2_random -H content-type=application/cloudevents+json
}
control course course-101 "$(date +%s)"
# Given before the first picture: a consent covers nothing that was captured earlier.
control consent learner-1 "$start"

sequence=0
for picture in "$@"; do
  case $(head -c 4 "$picture" | od -An -tx1 | tr -d ' ') in 89504e47) type=image/png ;; *) type=image/jpeg ;; esac
  # A file named after the options is one record, whatever bytes it holds.
  kcat -P -b "$servers" -t "${FRAMES_TOPIC:-lectern.frames.v1}" -k "$session" -X acks=all \
    -X partitioner=murmur2_random -X message.max.bytes=16777216 \
    -H content-type=$type -H ce_specversion=1.0 -H ce_type=org.lectern.frame.v1 -H "ce_id=$(unique)" \
    -H ce_source=https://lms.example -H "ce_time=$(stamp $((start + sequence)))" -H "ce_sessionid=$session" \
    -H ce_sequence=$sequence -H ce_learnerid=learner-1 -H ce_courseid=course-101 \
    -H ce_mediaposms=$((sequence * 1000)) "$picture"
  sequence=$((sequence + 1))
done
