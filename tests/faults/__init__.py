"""What may go wrong, made to go wrong: every test here judges from outside, by what lies in the mailbox afterwards."""
