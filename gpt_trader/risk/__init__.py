"""The risk policy, its checks and the halts."""
