"""Who acts: censor, register, operators, target, users, providers, businesses that react."""
