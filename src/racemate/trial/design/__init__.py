"""Design: what a trial says it will do, as records: schedule, scheme of questions, protocol."""
