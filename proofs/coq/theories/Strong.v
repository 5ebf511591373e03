(** Certificates of a best-responding follower's game, eta = infinity, gamma = 0, any partition: a checker in
    exact rationals and its soundness (proofs/strong-stackelberg.md; exactqse/kernel/strong.py).

    Theorem [strong_accepted_sound]: if [strong_accepted G C] computes to true, then in the game that [G]
    means every policy is worth at most [strong_upper C], and the certificate's own at least [strong_lower C]. *)
From Coq Require Import Reals ZArith QArith Qreals Qreduction List Lra Lia Psatz Bool PeanoNat.
From ExactQSE Require Import Sums Game Certificate.
Import ListNotations.
Open Scope R_scope.

(** ** A follower who answers by a best response *)
Lemma best_reply l q b : In b (best_replies l q) <-> In b l /\ forall b', In b' l -> q b' <= q b.
Proof.
  unfold best_replies. rewrite filter_In, at_most_true. split; intros [Hb H]; (split; [exact Hb|]).
  - intros b' Hb'. pose proof (maximum_above q l b' Hb'). lra.
  - destruct (maximum_attained q l) as (d & Hd & E); [intros E; now rewrite E in Hb|]. rewrite <- E. now apply H.
Qed.

Lemma reply_upper l q w bound : l <> [] ->
  (forall b, In b l -> (forall b', In b' l -> q b' <= q b) -> w b <= bound) -> reply None l q w <= bound.
Proof.
  intros Hl H. unfold reply. destruct (maximum_attained w (best_replies l q)) as (b & Hb & <-).
  - destruct (maximum_attained q l Hl) as (d & Hd & E). intros En.
    assert (In d (best_replies l q)) as Hin; [|now rewrite En in Hin].
    apply best_reply. split; [exact Hd|]. intros b' Hb'. rewrite E. now apply maximum_above.
  - apply best_reply in Hb. destruct Hb as [Hb Hm]. now apply H.
Qed.

Lemma reply_lower l q w b : In b l -> (forall b', In b' l -> q b' <= q b) -> w b <= reply None l q w.
Proof. intros Hb H. apply (maximum_above w). now apply best_reply. Qed.

(** Theorem 1 of the page: multipliers bound what the leader can have where [b] is a best response. *)
Theorem multipliers_bound_a_target bs (x y mu : nat -> R) b : NoDup bs -> In b bs ->
  (forall o, In o bs -> 0 <= mu o) -> (forall o, In o bs -> x o <= x b) ->
  y b <= rsum (fun o => (if (o =? b)%nat then y b + rsum mu bs * x b else 0) - mu o * x o) bs.
Proof.
  intros Hn Hb Hmu Hx. rewrite rsum_minus, rsum_single by assumption.
  assert (rsum (fun o => mu o * x o) bs <= rsum mu bs * x b); [|lra].
  rewrite <- rsum_scale_r. apply rsum_le. intros o Ho. apply Rmult_le_compat_l; auto.
Qed.

(** ** Rationals. Common factors are sought only where two long denominators meet: it is what takes time. *)
Definition short (d : positive) : bool := (d <? 18446744073709551616)%positive.

Definition qadd (a b : Q) : Q :=
  if (Qden a =? Qden b)%positive then (Qnum a + Qnum b) # Qden a
  else if short (Qden a) || short (Qden b) then Qplus a b else Qred (Qplus a b).

Fixpoint qsum {X} (f : X -> Q) (l : list X) : Q :=
  match l with [] => 0%Q | [a] => f a | a :: t => qadd (f a) (qsum f t) end.

Lemma Q2R_add a b : Q2R (qadd a b) = Q2R a + Q2R b.
Proof.
  rewrite <- Q2R_plus. unfold qadd. destruct (Pos.eqb_spec (Qden a) (Qden b)) as [E|].
  - apply Qeq_eqR. unfold Qeq, Qplus. cbn [Qnum Qden]. rewrite <- E. rewrite Pos2Z.inj_mul. ring.
  - destruct (_ || _); [reflexivity|]. apply Qeq_eqR, Qred_correct.
Qed.

Lemma Q2R_times a b : Q2R (Qmult a b) = Q2R a * Q2R b.
Proof. apply Q2R_mult. Qed.

Definition qminus (a b : Q) : Q := qadd a (Qopp b).

Lemma Q2R_less a b : Q2R (qminus a b) = Q2R a - Q2R b.
Proof. unfold qminus. rewrite Q2R_add, Q2R_opp. ring. Qed.

Lemma qsum_correct {X} (f : X -> Q) l : Q2R (qsum f l) = rsum (fun a => Q2R (f a)) l.
Proof.
  induction l as [|a [|b t] IH]; [apply RMicromega.Q2R_0|simpl; ring|].
  change (qsum f (a :: b :: t)) with (qadd (f a) (qsum f (b :: t))). now rewrite Q2R_add, IH.
Qed.

Definition qmax (a b : Q) : Q := if Qle_bool a b then b else a.

Fixpoint qmaximum {X} (f : X -> Q) (l : list X) : Q :=
  match l with [] => 0%Q | [a] => f a | a :: t => qmax (f a) (qmaximum f t) end.

Lemma qmax_above a b : Q2R a <= Q2R (qmax a b) /\ Q2R b <= Q2R (qmax a b).
Proof.
  unfold qmax. destruct (Qle_bool a b) eqn:E.
  - apply Qle_bool_iff, Qle_Rle in E. lra.
  - assert (~ (a <= b)%Q) as H by (rewrite <- Qle_bool_iff; congruence).
    apply Qnot_le_lt, Qlt_Rlt in H. lra.
Qed.

Lemma qmaximum_above {X} (f : X -> Q) l a : In a l -> Q2R (f a) <= Q2R (qmaximum f l).
Proof.
  induction l as [|b [|c t] IH]; [easy|intros [->|[]]; simpl; lra|].
  change (qmaximum f (b :: c :: t)) with (qmax (f b) (qmaximum f (c :: t))).
  destruct (qmax_above (f b) (qmaximum f (c :: t))) as [H1 H2]. intros [->|Ha]; [exact H1|].
  specialize (IH Ha). lra.
Qed.

(** The mean under a row. *)
Definition qmean (w : row) (f : nat -> Q) : Q :=
  Qmult (qsum (fun tn => Qmult (inject_Z (snd tn)) (f (fst tn))) (numerators w)) (1 # denominator w).

Lemma qmean_correct w f : Q2R (qmean w f) = row_mean w (fun t => Q2R (f t)).
Proof.
  unfold qmean, row_mean. rewrite Q2R_times, qsum_correct, <- rsum_scale_r. apply rsum_ext. intros [t n] _.
  rewrite Q2R_times. cbn [fst snd]. unfold Q2R at 1 3, inject_Z. cbn [Qnum Qden]. field. apply Rgt_not_eq, IZR_lt; reflexivity.
Qed.

(** A number of a large denominator, rounded down to a multiple of 2^-4096. *)
Definition grid : positive := Pos.shiftl 1 4096.

Definition coarsened (long : Q) : Q :=
  let q := Qred long in
  if (Qden q <=? grid)%positive then q else Qmake (Qnum q * Zpos grid / Zpos (Qden q)) grid.

Lemma coarsened_below long : Q2R (coarsened long) <= Q2R long.
Proof.
  rewrite <- (Qeq_eqR _ _ (Qred_correct long)). unfold coarsened. set (q := Qred long). destruct (Qden q <=? grid)%positive; [lra|]. apply Qle_Rle. unfold Qle. cbn [Qnum Qden].
  rewrite Z.mul_comm. apply Z.mul_div_le. reflexivity.
Qed.

(** ** Certificates *)
Record strong_node := StrongNode {
  strong_state : nat; strong_bound : Q; strong_plan : list row; duals : list (list Q) (* [b][b'] *) }.

Record strong_certificate := StrongCertificate {
  strong_lower : Q; strong_upper : Q; strong_layers : list (list strong_node) (* by step *) }.

Fixpoint find_strong (l : list strong_node) (s : nat) : option strong_node :=
  match l with
  | [] => None
  | v :: rest => if (s =? strong_state v)%nat then Some v else find_strong rest s
  end.

Lemma find_strong_in l s v : find_strong l s = Some v -> In v l /\ strong_state v = s.
Proof.
  induction l as [|a t IH]; simpl; [discriminate|]. destruct (Nat.eqb_spec s (strong_state a)) as [->|].
  - intros H; injection H as <-. auto.
  - intros H. destruct (IH H). auto.
Qed.

Definition strong_policy (G : table) (C : strong_certificate) : policy :=
  policy_from G (fun h s => option_map strong_plan (find_strong (nth h (strong_layers C) []) s)).

Lemma seq_nonempty n : (0 < n)%nat -> seq 0 n <> [].
Proof. destruct n; [lia|discriminate]. Qed.

Section Game.
Variable G : table.
Hypothesis HG : is_strong_game G = true.
Let S' := seq 0 (S_ G).
Let A := seq 0 (A_ G).
Let B := seq 0 (B_ G).

Lemma strong_tables : is_tables G = true /\ eta (meaning G) = None.
Proof.
  pose proof HG as H. unfold is_strong_game in H. apply andb_true_iff in H. destruct H as [H E].
  split; [exact H|]. simpl. destruct (eta_ G); [discriminate|reflexivity].
Qed.

Theorem W_strong_step pi k s : (S k <= H_ G)%nat -> (s < S_ G)%nat ->
  W (meaning G) pi (S k) s =
  reply None B (mean_reward G (pi (H_ G - S k)%nat s) (H_ G - S k) s)
    (mean_worth G (pi (H_ G - S k)%nat s) (H_ G - S k) s (W (meaning G) pi k)).
Proof.
  intros Hk Hs. destruct strong_tables as [HT He]. destruct (table_facts G HT) as (_ & _ & _ & HB & Hg & _).
  set (h := (H_ G - S k)%nat). assert (Hh : (h < H_ G)%nat) by (unfold h; lia).
  cbn [W]. rewrite He. change (horizon (meaning G)) with (H_ G). fold h. cbn [follower leader states meaning].
  assert (Eq : forall b, action_value (meaning G) pi h s (V (meaning G) pi k) b = mean_reward G (pi h s) h s b)
    by (intros; now apply myopic_action_value).
  assert (Ew : forall b, In b B -> mean (pi h s b) (fun a => u (meaning G) h s a b +
      mean (P (meaning G) h s a b) (W (meaning G) pi k) (seq 0 (S_ G))) (seq 0 (A_ G)) =
      mean_worth G (pi h s) h s (W (meaning G) pi k) b).
  { intros b Hb. apply in_seq in Hb. apply worth_in_tables; auto. lia. }
  assert (HBn : B <> []) by (now apply seq_nonempty).
  apply Rle_antisym; apply reply_upper; try exact HBn; intros b Hb Hmax.
  - rewrite Ew by assumption. apply reply_lower; [exact Hb|]. intros b' Hb'. rewrite <- !Eq. now apply Hmax.
  - rewrite <- Ew by assumption. apply (reply_lower B (action_value (meaning G) pi h s (V (meaning G) pi k))
      (fun b => mean (pi h s b) (fun a => u (meaning G) h s a b +
        mean (P (meaning G) h s a b) (W (meaning G) pi k) (seq 0 (S_ G))) (seq 0 (A_ G)))); [exact Hb|].
    intros b' Hb'. rewrite !Eq. now apply Hmax.
Qed.

(** What the next step's states are worth: numbers by state; none after the last step, where all is worth 0. *)
Definition worths := option (list (nat * Q)).

Definition worth_at (after : worths) (t : nat) : Q :=
  match after with
  | None => 0%Q
  | Some l => match lookup l t with Some q => q | None => 0%Q end
  end.

Definition has_worth (after : worths) (t : nat) : bool :=
  match after with
  | None => true
  | Some l => match lookup l t with Some _ => true | None => false end
  end.

(** All states that may follow are among them. *)
Definition covered (after : worths) (h s : nat) : bool :=
  forallb (fun a => forallb (fun b =>
    forallb (fun tn => has_worth after (fst tn)) (numerators (P_at G h s a b))) B) A.

Definition exact_worth (after : worths) (h s a b : nat) : Q :=
  qadd (u_at G h s a b) (qmean (P_at G h s a b) (worth_at after)).

Lemma exact_worth_correct after h s a b : Q2R (exact_worth after h s a b) =
  Q2R (u_at G h s a b) + row_mean (P_at G h s a b) (fun t => Q2R (worth_at after t)).
Proof. unfold exact_worth. now rewrite Q2R_add, qmean_correct. Qed.

(** Tables of [a] and [b], computed once. *)
Definition tabulated (f : nat -> nat -> Q) : list (list Q) := map (fun a => map (f a) B) A.
Definition read (t : list (list Q)) (a b : nat) : Q := nth b (nth a t []) 0%Q.

Lemma read_tabulated f a b : In a A -> In b B -> read (tabulated f) a b = f a b.
Proof.
  unfold A, B. rewrite !in_seq. intros Ha Hb. unfold read, tabulated, A, B.
  rewrite nth_indep with (d' := map (f 0%nat) (seq 0 (B_ G))) by (rewrite map_length, seq_length; lia).
  rewrite (map_nth (fun a => map (f a) (seq 0 (B_ G)))), seq_nth by lia.
  rewrite nth_indep with (d' := f (0 + a)%nat 0%nat) by (rewrite map_length, seq_length; lia).
  now rewrite map_nth, seq_nth by lia.
Qed.

(** *** The upper bound *)
Definition cell_term (x y : nat -> nat -> Q) (mu : nat -> Q) (own : Q) (b : nat) (cell : list nat) (a : nat) : Q :=
  qsum (fun o => qminus (if (o =? b)%nat then qadd (y a b) (Qmult own (x a b)) else 0%Q) (Qmult (mu o) (x a o))) cell.

Definition target_bound (x y : nat -> nat -> Q) (mu : nat -> Q) (b : nat) : Q :=
  let own := qsum mu B in qsum (fun cell => qmaximum (cell_term x y mu own b cell) A) (observes_ G).

Definition strong_bounded (after : worths) (h : nat) (v : strong_node) : bool :=
  let s := strong_state v in
  (s <? S_ G)%nat && covered after h s &&
  forallb (forallb (fun m => Qle_bool 0 m)) (duals v) &&
  let y := tabulated (exact_worth after h s) in
  forallb (fun b => Qle_bool
    (target_bound (fun a b => r_at G h s a b) (read y) (fun o => nth o (nth b (duals v) []) 0%Q) b) (strong_bound v)) B.

Section Node.
Variables (h s : nat) (after : worths) (alpha : nat -> nat -> R).
Hypotheses (Hh : (h < H_ G)%nat) (Hs : (s < S_ G)%nat) (Hcov : covered after h s = true).
Hypothesis Hsx : forall b, (b < B_ G)%nat -> simplex (alpha b) A.
Hypothesis Heq : forall cell b b' a, In cell (observes_ G) -> In b cell -> In b' cell -> alpha b a = alpha b' a.
Let claim t := Q2R (worth_at after t).

Lemma in_some_cell b : In b B -> exists cell, In cell (observes_ G) /\ In b cell.
Proof.
  intros Hb. destruct strong_tables as [HT _]. destruct (table_facts G HT) as (_ & Hpt & _).
  apply in_concat. unfold is_partition in Hpt. rewrite !andb_true_iff in Hpt.
  destruct Hpt as [[[Hd Hall] Hlen] _]. apply Nat.eqb_eq in Hlen. apply distinct_NoDup in Hd.
  rewrite forallb_forall in Hall.
  apply (NoDup_length_incl Hd (l' := B)); [unfold B; rewrite seq_length; lia| |exact Hb].
  intros x Hx. apply in_seq. apply Hall, Nat.ltb_lt in Hx. lia.
Qed.

Lemma target_bound_correct y mu b : In b B -> (forall a o, In a A -> In o B -> y a o = exact_worth after h s a o) ->
  (forall o, 0 <= Q2R (mu o)) ->
  (forall o, In o B -> mean_reward G alpha h s o <= mean_reward G alpha h s b) ->
  mean_worth G alpha h s claim b <= Q2R (target_bound (fun a b => r_at G h s a b) y mu b).
Proof.
  intros Hb Hy Hmu Hmax. destruct strong_tables as [HT _]. destruct (table_facts G HT) as (_ & Hpt & HA & _).
  eapply Rle_trans; [apply (multipliers_bound_a_target B (mean_reward G alpha h s) (mean_worth G alpha h s claim)
    (fun o => Q2R (mu o)) b); try assumption; [apply seq_NoDup|intros; apply Hmu]|].
  unfold target_bound. rewrite qsum_correct. unfold B at 2. rewrite (rsum_cells (B_ G) (observes_ G)) by assumption.
  apply rsum_le. intros cell Hcell. set (own := qsum mu B).
  assert (Eo : rsum (fun o => Q2R (mu o)) B = Q2R own) by (unfold own; now rewrite qsum_correct).
  rewrite Eo. assert (Hin : forall o, In o cell -> In o B).
  { intros o Ho. apply in_seq. pose proof (partition_member (B_ G) (observes_ G) cell o Hpt Hcell Ho). lia. }
  destruct cell as [|b0 cell'] eqn:Ec; [now apply (partition_nonempty (B_ G) (observes_ G) []) in Hcell|].
  rewrite <- Ec in *. assert (Hb0 : In b0 cell) by (rewrite Ec; now left).
  assert (Hb0' : (b0 < B_ G)%nat) by (specialize (Hin b0 Hb0); apply in_seq in Hin; lia).
  apply Rle_trans with (mean (alpha b0) (fun a => Q2R (cell_term (fun a b => r_at G h s a b) y mu own b cell a)) A).
  2:{ apply mean_upper; [now apply Hsx|]. intros a Ha.
      now apply (qmaximum_above (cell_term (fun a b => r_at G h s a b) y mu own b cell)). }
  right. unfold cell_term. unfold mean.
  rewrite (rsum_ext (fun a => alpha b0 a * _) (fun a => rsum (fun o =>
    alpha b0 a * ((if (o =? b)%nat then Q2R (y a b) + Q2R own * Q2R (r_at G h s a b) else 0) - Q2R (mu o) * Q2R (r_at G h s a o))) cell)).
  2:{ intros a _. rewrite qsum_correct, <- rsum_scale. apply rsum_ext. intros o _. rewrite Q2R_less, Q2R_times.
      destruct (o =? b)%nat; [now rewrite Q2R_add, Q2R_times|]. now rewrite RMicromega.Q2R_0. }
  rewrite rsum_swap. apply rsum_ext. intros o Ho. specialize (Hin o Ho).
  assert (Em : forall f, mean (alpha o) f A = rsum (fun a => alpha b0 a * f a) A).
  { intros f. apply rsum_ext. intros a _. now rewrite (Heq cell o b0 a Hcell Ho Hb0). }
  unfold mean_reward at 2. fold A. rewrite Em.
  destruct (Nat.eqb_spec o b) as [->|].
  - unfold mean_worth, mean_reward. fold A. rewrite !Em, <- !rsum_scale, <- rsum_plus, <- rsum_minus.
    apply rsum_ext. intros a Ha. rewrite (Hy a b Ha Hb), exact_worth_correct. unfold claim. ring.
  - rewrite (rsum_ext (fun a => alpha b0 a * (0 - _)) (fun a => (- Q2R (mu o)) * (alpha b0 a * Q2R (r_at G h s a o))))
      by (intros; ring).
    rewrite rsum_scale. ring.
Qed.

(** Larger values of the states that may follow are worth more. *)
Lemma worth_monotone g g' b : (b < B_ G)%nat -> (forall t, has_worth after t = true -> g t <= g' t) ->
  mean_worth G alpha h s g b <= mean_worth G alpha h s g' b.
Proof.
  intros Hb Hg. destruct strong_tables as [HT _]. destruct (table_facts G HT) as (_ & _ & _ & _ & _ & HP).
  apply mean_le; [now apply Hsx|]. intros a Ha. apply in_seq in Ha. apply Rplus_le_compat_l.
  unfold row_mean. apply rsum_le. intros [t n] Hin. cbn [fst snd]. apply Rmult_le_compat_l.
  - apply Rmult_le_pos; [|apply Rlt_le, Rinv_0_lt_compat, IZR_lt; reflexivity].
    apply IZR_le. apply (is_row_nonnegative (S_ G) (P_at G h s a b)) with (t := t); [apply HP; lia|assumption].
  - apply Hg. unfold covered in Hcov. rewrite forallb_forall in Hcov.
    specialize (Hcov a ltac:(apply in_seq; lia)). rewrite forallb_forall in Hcov.
    specialize (Hcov b ltac:(apply in_seq; lia)). rewrite forallb_forall in Hcov. exact (Hcov (t, n) Hin).
Qed.

Theorem strong_bounded_correct v g : strong_state v = s -> strong_bounded after h v = true ->
  (forall t, has_worth after t = true -> g t <= claim t) ->
  reply None B (mean_reward G alpha h s) (mean_worth G alpha h s g) <= Q2R (strong_bound v).
Proof.
  intros Es Hv Hg. unfold strong_bounded in Hv. rewrite Es, !andb_true_iff in Hv. destruct Hv as [[[_ _] Hd] Hb].
  destruct strong_tables as [HT _]. destruct (table_facts G HT) as (_ & _ & _ & HB & _).
  apply reply_upper; [now apply seq_nonempty|]. intros b Hin Hmax.
  rewrite forallb_forall in Hb. specialize (Hb b Hin). apply Qle_bool_iff, Qle_Rle in Hb.
  eapply Rle_trans; [|exact Hb]. eapply Rle_trans; [apply worth_monotone with (g' := claim)|].
  - apply in_seq in Hin. lia.
  - exact Hg.
  - apply target_bound_correct; try assumption; [intros; now apply read_tabulated|].
    intros o. destruct (nth_in_or_default o (nth b (duals v) []) 0%Q) as [Ho| ->]; [|rewrite RMicromega.Q2R_0; lra].
    destruct (nth_in_or_default b (duals v) []) as [Hr|E]; [|rewrite E in Ho; destruct Ho].
    rewrite forallb_forall in Hd. specialize (Hd _ Hr). rewrite forallb_forall in Hd. specialize (Hd _ Ho).
    apply Qle_bool_iff, Qle_Rle in Hd. now rewrite RMicromega.Q2R_0 in Hd.
Qed.
End Node.

Definition strong_claims (l : list strong_node) : worths := Some (map (fun v => (strong_state v, strong_bound v)) l).

(** The layers of step [h] and later. *)
Fixpoint strong_layers_bounded (h : nat) (ls : list (list strong_node)) : option worths :=
  match ls with
  | [] => Some None
  | l :: rest => match strong_layers_bounded (S h) rest with
                 | Some after => if forallb (strong_bounded after h) l then Some (strong_claims l) else None
                 | None => None
                 end
  end.

Lemma lookup_strong_claims l s : lookup (map (fun v => (strong_state v, strong_bound v)) l) s =
  option_map strong_bound (find_strong l s).
Proof. induction l as [|a t IH]; simpl; [reflexivity|]. destruct (s =? strong_state a)%nat; [reflexivity|exact IH]. Qed.

Theorem strong_layers_bounded_correct pi : admissible (meaning G) pi ->
  forall ls h after, (h + length ls = H_ G)%nat -> strong_layers_bounded h ls = Some after ->
  forall s, has_worth after s = true -> W (meaning G) pi (length ls) s <= Q2R (worth_at after s).
Proof.
  intros Ha. induction ls as [|l rest IH]; intros h after Hh; cbn [strong_layers_bounded length].
  - intros H; injection H as <-. intros s _. simpl. rewrite RMicromega.Q2R_0. lra.
  - destruct (strong_layers_bounded (S h) rest) as [later|] eqn:E; [|discriminate].
    destruct (forallb _ l) eqn:El; [|discriminate]. intros H; injection H as <-.
    pose proof (IH (S h) later ltac:(simpl in Hh; lia) E) as Hw. simpl in Hh.
    intros s. unfold has_worth, worth_at, strong_claims. rewrite lookup_strong_claims.
    destruct (find_strong l s) as [v|] eqn:Ev; [|discriminate]. intros _. simpl option_map. cbv iota beta.
    apply find_strong_in in Ev. destruct Ev as [Hin Hst]. rewrite forallb_forall in El. specialize (El v Hin).
    pose proof El as Hf. unfold strong_bounded in Hf. rewrite Hst, !andb_true_iff in Hf.
    destruct Hf as [[[Hs Hc] _] _]. apply Nat.ltb_lt in Hs.
    rewrite W_strong_step by (assumption || lia). replace (H_ G - S (length rest))%nat with h by lia.
    destruct (Ha h s) as [A1 A2]; [simpl; lia|exact Hs|].
    apply (strong_bounded_correct h s later); try assumption; lia.
Qed.

(** A mean of the first states' numbers. *)
Definition first_mean (first : worths) : option Q :=
  if forallb (fun tn => has_worth first (fst tn)) (numerators (rho_ G)) then Some (qmean (rho_ G) (worth_at first)) else None.

Lemma J_as_mean pi : J (meaning G) pi = row_mean (rho_ G) (W (meaning G) pi (H_ G)).
Proof.
  destruct strong_tables as [HT _]. destruct (table_facts G HT) as (Hrho & _). apply mean_mass. exact Hrho.
Qed.

Lemma first_mean_value first q : first_mean first = Some q ->
  Q2R q = row_mean (rho_ G) (fun s => Q2R (worth_at first s)).
Proof.
  unfold first_mean. destruct (forallb _ _); [|discriminate]. intros H; injection H as <-. apply qmean_correct.
Qed.

Lemma first_mean_le first q f g : first_mean first = Some q ->
  (forall s, has_worth first s = true -> f s <= g s) -> row_mean (rho_ G) f <= row_mean (rho_ G) g.
Proof.
  unfold first_mean. destruct (forallb _ _) eqn:E; [|discriminate]. intros _ H.
  destruct strong_tables as [HT _]. destruct (table_facts G HT) as (Hrho & _).
  apply rsum_le. intros [t n] Hin. cbn [fst snd]. rewrite forallb_forall in E. apply Rmult_le_compat_l.
  - apply Rmult_le_pos; [|apply Rlt_le, Rinv_0_lt_compat, IZR_lt; reflexivity].
    apply IZR_le. now apply (is_row_nonnegative (S_ G) (rho_ G) Hrho t).
  - apply H. exact (E (t, n) Hin).
Qed.

Definition strong_upper_accepted (C : strong_certificate) : bool :=
  match strong_layers_bounded 0 (strong_layers C) with
  | Some first => match first_mean first with Some q => Qle_bool q (strong_upper C) | None => false end
  | None => false
  end.

Theorem strong_upper_sound C : length (strong_layers C) = H_ G -> strong_upper_accepted C = true ->
  forall pi, admissible (meaning G) pi -> J (meaning G) pi <= Q2R (strong_upper C).
Proof.
  intros Hl. unfold strong_upper_accepted.
  destruct (strong_layers_bounded 0 _) as [first|] eqn:E; [|discriminate].
  destruct (first_mean first) as [q|] eqn:Eq; [|discriminate]. intros Hq pi Ha.
  apply Qle_bool_iff, Qle_Rle in Hq. eapply Rle_trans; [|exact Hq]. rewrite J_as_mean.
  pose proof (strong_layers_bounded_correct pi Ha (strong_layers C) 0 first Hl E) as Hw. rewrite Hl in Hw.
  eapply Rle_trans; [apply (first_mean_le first q _ _ Eq Hw)|]. right.
  symmetry. now apply first_mean_value.
Qed.

(** *** The value of the certificate's policy *)
Definition better (p p' : Q * Q) : Q * Q :=
  match Qcompare (fst p) (fst p') with
  | Lt => p'
  | Gt => p
  | Eq => if Qle_bool (snd p) (snd p') then p' else p
  end.

Fixpoint best_pair (f : nat -> Q * Q) (l : list nat) : Q * Q :=
  match l with [] => (0%Q, 0%Q) | [a] => f a | a :: t => better (f a) (best_pair f t) end.

Lemma better_above p p' : (better p p' = p \/ better p p' = p') /\
  Q2R (fst p) <= Q2R (fst (better p p')) /\ Q2R (fst p') <= Q2R (fst (better p p')).
Proof.
  unfold better. destruct (Qcompare_spec (fst p) (fst p')) as [E|L|L].
  - apply Qeq_eqR in E. destruct (Qle_bool _ _); split; auto; lra.
  - apply Qlt_Rlt in L. split; auto; lra.
  - apply Qlt_Rlt in L. split; auto; lra.
Qed.

Lemma best_pair_correct f l : l <> [] ->
  (exists b, In b l /\ best_pair f l = f b) /\ forall b, In b l -> Q2R (fst (f b)) <= Q2R (fst (best_pair f l)).
Proof.
  induction l as [|a [|c t] IH]; intros Hl; [easy| |].
  - split; [exists a; simpl; auto|]. intros b [->|[]]. simpl. lra.
  - change (best_pair f (a :: c :: t)) with (better (f a) (best_pair f (c :: t))).
    destruct (IH ltac:(discriminate)) as [(b & Hb & E) H].
    destruct (better_above (f a) (best_pair f (c :: t))) as [Ho [H1 H2]]. split.
    + destruct Ho as [->| ->]; [exists a; simpl; auto|exists b; split; [now right|exact E]].
    + intros d [->|Hd]; [exact H1|]. specialize (H d Hd). lra.
Qed.

Definition plan_pair (after : worths) (h s : nat) (plan : list row) (b : nat) : Q * Q :=
  let w := cell_row (observes_ G) plan b in
  (qmean w (fun a => r_at G h s a b), qmean w (fun a => exact_worth after h s a b)).

Definition strong_value (after : worths) (h : nat) (v : strong_node) : Q :=
  coarsened (snd (best_pair (plan_pair after h (strong_state v) (strong_plan v)) B)).

Definition strong_formed (v : strong_node) : bool :=
  (strong_state v <? S_ G)%nat && rows_formed G (strong_plan v).

(** In lower bounds too a state that may follow must be known. *)
Fixpoint strong_values (h : nat) (ls : list (list strong_node)) : option worths :=
  match ls with
  | [] => Some None
  | l :: rest => match strong_values (S h) rest with
                 | Some after => if forallb (fun v => covered after h (strong_state v)) l
                                 then Some (Some (map (fun v => (strong_state v, strong_value after h v)) l))
                                 else None
                 | None => None
                 end
  end.

Lemma plan_pair_correct after h s plan b : rows_formed G plan = true -> In b B ->
  Q2R (fst (plan_pair after h s plan b)) = mean_reward G (fun b => mass (cell_row (observes_ G) plan b)) h s b /\
  Q2R (snd (plan_pair after h s plan b)) =
    mean_worth G (fun b => mass (cell_row (observes_ G) plan b)) h s (fun t => Q2R (worth_at after t)) b.
Proof.
  intros Hr Hb. unfold rows_formed in Hr. rewrite forallb_forall in Hr. specialize (Hr _ (in_map _ _ _ Hb)).
  unfold plan_pair. cbn [fst snd]. rewrite !qmean_correct. unfold mean_reward, mean_worth. fold A.
  rewrite !(mean_mass (A_ G) _ _ Hr). split; [reflexivity|]. apply rsum_ext. intros [a n] _.
  now rewrite exact_worth_correct.
Qed.

Lemma strong_value_correct after h v g : (h < H_ G)%nat -> strong_formed v = true ->
  covered after h (strong_state v) = true -> (forall t, has_worth after t = true -> Q2R (worth_at after t) <= g t) ->
  let alpha := fun b => mass (cell_row (observes_ G) (strong_plan v) b) in
  Q2R (strong_value after h v) <=
    reply None B (mean_reward G alpha h (strong_state v)) (mean_worth G alpha h (strong_state v) g).
Proof.
  intros Hh Hf Hc Hg alpha. unfold strong_formed in Hf. apply andb_true_iff in Hf. destruct Hf as [Hs Hr].
  apply Nat.ltb_lt in Hs. set (s := strong_state v) in *. set (f := plan_pair after h s (strong_plan v)).
  destruct strong_tables as [HT _]. destruct (table_facts G HT) as (_ & _ & _ & HB & _).
  destruct (best_pair_correct f B) as [(b & Hb & E) Hmax].
  { now apply seq_nonempty. }
  eapply Rle_trans; [apply coarsened_below|]. fold s. fold f. fold B. rewrite E.
  assert (Hpair : forall b, In b B -> Q2R (fst (f b)) = mean_reward G alpha h s b /\
    Q2R (snd (f b)) = mean_worth G alpha h s (fun t => Q2R (worth_at after t)) b)
    by (intros; now apply plan_pair_correct).
  destruct (Hpair b Hb) as [Ex Ey]. rewrite Ey.
  eapply Rle_trans; [|apply (reply_lower B _ _ b Hb)].
  - apply (worth_monotone h s after alpha Hh Hs Hc); [|apply in_seq in Hb; lia|exact Hg].
    intros b' Hb'. apply (mass_simplex (A_ G)). unfold rows_formed in Hr. rewrite forallb_forall in Hr.
    apply Hr, in_map, in_seq. lia.
  - intros b' Hb'. destruct (Hpair b' Hb') as [Ex' _]. specialize (Hmax b' Hb'). rewrite E in Hmax. lra.
Qed.

Lemma lookup_strong_values (f : strong_node -> Q) l s : lookup (map (fun v => (strong_state v, f v)) l) s =
  option_map f (find_strong l s).
Proof. induction l as [|a t IH]; simpl; [reflexivity|]. destruct (s =? strong_state a)%nat; [reflexivity|exact IH]. Qed.

Theorem strong_values_correct pi : forall ls h after, (h + length ls = H_ G)%nat ->
  forallb (forallb strong_formed) ls = true ->
  (forall k l s v, nth_error ls k = Some l -> find_strong l s = Some v ->
     pi (h + k)%nat s = fun b => mass (cell_row (observes_ G) (strong_plan v) b)) ->
  strong_values h ls = Some after ->
  forall s, has_worth after s = true -> Q2R (worth_at after s) <= W (meaning G) pi (length ls) s.
Proof.
  induction ls as [|l rest IH]; intros h after Hh Hf Hpi; cbn [strong_values length forallb] in *.
  - intros H; injection H as <-. intros s _. simpl. rewrite RMicromega.Q2R_0. lra.
  - apply andb_true_iff in Hf. destruct Hf as [Hf1 Hf2].
    destruct (strong_values (S h) rest) as [later|] eqn:E; [|discriminate].
    assert (Hw : forall s, has_worth later s = true -> Q2R (worth_at later s) <= W (meaning G) pi (length rest) s).
    { apply (IH (S h) later); [simpl in Hh; lia|assumption| |exact E].
      intros k l' s v Hk Hv. replace (S h + k)%nat with (h + S k)%nat by lia. now apply (Hpi (S k) l'). }
    destruct (forallb (fun v => covered later h (strong_state v)) l) eqn:Ec; [|discriminate]. intros H; injection H as <-. simpl in Hh.
    intros s. unfold has_worth, worth_at. rewrite lookup_strong_values.
    destruct (find_strong l s) as [v|] eqn:Ev; [|discriminate]. intros _. simpl option_map. cbv iota beta.
    pose proof (Hpi 0%nat l s v eq_refl Ev) as Hp. rewrite Nat.add_0_r in Hp.
    apply find_strong_in in Ev. destruct Ev as [Hin Hst]. rewrite forallb_forall in Hf1, Ec.
    specialize (Hf1 v Hin). specialize (Ec v Hin).
    assert (Hs : (s < S_ G)%nat).
    { unfold strong_formed in Hf1. apply andb_true_iff in Hf1. subst s. now apply Nat.ltb_lt. }
    rewrite W_strong_step by (assumption || lia). replace (H_ G - S (length rest))%nat with h by lia. rewrite Hp.
    subst s. apply strong_value_correct; try assumption. lia.
Qed.

Definition strong_lower_accepted (C : strong_certificate) : bool :=
  match strong_values 0 (strong_layers C) with
  | Some first => match first_mean first with Some q => Qle_bool (strong_lower C) q | None => false end
  | None => false
  end.

Theorem strong_lower_sound C : length (strong_layers C) = H_ G ->
  forallb (forallb strong_formed) (strong_layers C) = true -> strong_lower_accepted C = true ->
  Q2R (strong_lower C) <= J (meaning G) (strong_policy G C).
Proof.
  intros Hl Hf. unfold strong_lower_accepted.
  destruct (strong_values 0 _) as [first|] eqn:E; [|discriminate].
  destruct (first_mean first) as [q|] eqn:Eq; [|discriminate]. intros Hq.
  apply Qle_bool_iff, Qle_Rle in Hq. eapply Rle_trans; [exact Hq|]. rewrite J_as_mean.
  pose proof (strong_values_correct (strong_policy G C) (strong_layers C) 0 first Hl Hf) as Hw. rewrite Hl in Hw.
  eapply Rle_trans; [|apply (first_mean_le first q (fun s => Q2R (worth_at first s)) _ Eq)].
  - right. now apply first_mean_value.
  - apply Hw; [|exact E]. intros k l s v Hk Hv. unfold strong_policy, policy_from. simpl.
    now rewrite (nth_error_nth _ _ _ Hk), Hv.
Qed.

Lemma strong_policy_admissible C : length (strong_layers C) = H_ G ->
  forallb (forallb strong_formed) (strong_layers C) = true -> admissible (meaning G) (strong_policy G C).
Proof.
  intros Hl Hf. apply policy_from_admissible; [apply strong_tables|].
  intros h s rows Hh Hrows. destruct (find_strong (nth h (strong_layers C) []) s) as [v|] eqn:Ev; [|discriminate].
  injection Hrows as <-. apply find_strong_in in Ev. destruct Ev as [Hin _].
  rewrite forallb_forall in Hf. specialize (Hf (nth h (strong_layers C) []) ltac:(apply nth_In; lia)).
  rewrite forallb_forall in Hf. specialize (Hf v Hin). unfold strong_formed in Hf. now apply andb_true_iff in Hf.
Qed.
End Game.

Definition strong_accepted (G : table) (C : strong_certificate) : bool :=
  is_strong_game G && (length (strong_layers C) =? H_ G)%nat &&
  forallb (forallb (strong_formed G)) (strong_layers C) && strong_upper_accepted G C && strong_lower_accepted G C.

Theorem strong_accepted_sound G C : strong_accepted G C = true ->
  (forall pi, admissible (meaning G) pi -> J (meaning G) pi <= Q2R (strong_upper C)) /\
  admissible (meaning G) (strong_policy G C) /\ Q2R (strong_lower C) <= J (meaning G) (strong_policy G C).
Proof.
  unfold strong_accepted. rewrite !andb_true_iff. intros [[[[HG Hl] Hf] Hu] Hlo]. apply Nat.eqb_eq in Hl.
  split; [|split].
  - now apply strong_upper_sound.
  - now apply strong_policy_admissible.
  - now apply strong_lower_sound.
Qed.
