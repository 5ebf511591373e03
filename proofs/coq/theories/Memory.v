(** Leaders who remember and randomise in public, against a farsighted follower: what bounds over one box of
    his values prove of them, where every place is free (proofs/farsighted-bound.md, proofs/frontiers.md). *)
From Coq Require Import Reals List Lra Lia Psatz Bool PeanoNat.
From ExactQSE Require Import Sums JointMajorant Game Farsighted Leaning Boxes.
Import ListNotations.
Open Scope R_scope.

(** Means of pairs (v, W) that F has: a public lottery, drawn when a state is reached. *)
Definition lottery (F : R -> R -> Prop) (v w : R) : Prop :=
  exists (n : nat) (omega d f : nat -> R), simplex omega (seq 0 n) /\ (forall i, (i < n)%nat -> F (d i) (f i)) /\
    v = mean omega d (seq 0 n) /\ w = mean omega f (seq 0 n).

Lemma lottery_of_one (F : R -> R -> Prop) v w : F v w -> lottery F v w.
Proof.
  intros H. exists 1%nat, (fun _ => 1), (fun _ => v), (fun _ => w). unfold mean.
  split; [split; [intros; lra|simpl; lra]|]. split; [now intros|]. split; simpl; lra.
Qed.

Lemma lottery_is_below (F : R -> R -> Prop) points m v w : (forall v w, F v w -> below points (v - m) w) -> lottery F v w ->
  below points (v - m) w.
Proof.
  intros HF (n & omega & d & f & Hs & Hi & -> & ->).
  pose proof (lottery_below omega (seq 0 n) points (fun i => d i - m) f Hs) as L.
  rewrite mean_minus, mean_const in L by apply Hs. apply L.
  intros i Hin. apply in_seq in Hin. apply HF, Hi. lia.
Qed.

Section Model.
Variables (M : model) (e : R).
Let S' := seq 0 (states M).
Let A := seq 0 (leader M).
Let B := seq 0 (follower M).

Definition mixtures (alpha : nat -> nat -> R) : Prop :=
  (forall b, (b < follower M)%nat -> simplex (alpha b) A) /\
  (forall cell b b' a, In cell (observes M) -> In b cell -> In b' cell -> alpha b a = alpha b' a).

Section Step.
Variables (h s : nat) (alpha : nat -> nat -> R) (v' w' : nat -> nat -> nat -> R).    (* after b, a, at t *)
Definition exponent_with (b : nat) : R :=
  mean (alpha b) (fun a => e * r M h s a b + gamma M * mean (P M h s a b) (v' b a) S') A.
Definition worth_with (b : nat) : R := mean (alpha b) (fun a => u M h s a b + mean (P M h s a b) (w' b a) S') A.
Definition v_with : R := ln (rsum (fun b => exp (exponent_with b)) B).
Definition w_with : R := exp (- v_with) * rsum (fun b => exp (exponent_with b) * worth_with b) B.
End Step.

(** The pairs (eta V, W) of strategies from state [s] with [k] steps to go. What follows may depend on all that
    happened, her own action too. *)
Fixpoint strategy (k s : nat) (v w : R) : Prop :=
  match k with
  | O => v = 0 /\ w = 0
  | S k' => exists (alpha : nat -> nat -> R) (v' w' : nat -> nat -> nat -> R), mixtures alpha /\
      (forall b a t, (b < follower M)%nat -> (a < leader M)%nat -> (t < states M)%nat ->
        lottery (strategy k' t) (v' b a t) (w' b a t)) /\
      v = v_with (horizon M - k) s alpha v' /\ w = w_with (horizon M - k) s alpha v' w'
  end.

(** What a Markov leader may play is among them. *)
Theorem markov_strategy pi : is_farsighted M e -> admissible M pi ->
  forall k s, (k <= horizon M)%nat -> (s < states M)%nat -> strategy k s (v_of M e pi k s) (W M pi k s).
Proof.
  intros HM Hpi. destruct (HM) as (Ee & He & _ & _ & HB & _). intros k. induction k as [|k IH]; intros s Hk Hs.
  - split; [unfold v_of; simpl; ring|reflexivity].
  - assert (Ex : forall b, exponent_with (horizon M - S k) s (pi (horizon M - S k)%nat s) (fun _ _ => v_of M e pi k) b =
      e * Q_value M pi k s b) by (intros b; now rewrite (Q_of M e pi k s b Hk)).
    assert (Ev : v_of M e pi (S k) s = v_with (horizon M - S k) s (pi (horizon M - S k)%nat s) (fun _ _ => v_of M e pi k)).
    { rewrite (v_step M e pi HM k s Hk). unfold v_with. f_equal. apply rsum_ext. intros b _. now rewrite Ex. }
    cbn [strategy].
    exists (pi (horizon M - S k)%nat s), (fun _ _ => v_of M e pi k), (fun _ _ => W M pi k). split; [|split; [|split]].
    + apply (Hpi (horizon M - S k)%nat s); lia.
    + intros b a t _ _ Ht. apply lottery_of_one, IH; lia.
    + exact Ev.
    + unfold w_with. rewrite <- Ev. rewrite (W_given_V M pi e Ee He HB). unfold v_of at 1. f_equal.
      apply rsum_ext. intros b _. now rewrite Ex.
Qed.

(** ** Certificates for her: one part, whose majorants before the last step leave every place free *)
Definition frees (kind : leaning) : Prop :=
  match kind with
  | LUp n sigma => forall t, sigma t = gamma M * n
  | LDown _ _ => False
  | LChord _ _ loose => forall t, loose t = true
  end.

Fixpoint all_free (T : tree leaning) : Prop :=
  match T with
  | Leaf ms => forall b, frees (ms b)
  | Split _ _ first second => all_free first /\ all_free second
  end.

Definition for_memory (p : part) : Prop :=
  forall k s q, (0 < k)%nat -> In q (first p s :: pieces p (S k) s) ->
    forall T, In T (trees_here q) -> all_free T.

Section Part.
Variable reachable : nat -> nat -> bool.
Hypothesis HM : is_farsighted M e.
Hypothesis Hclosed : closed M reachable.
Variable p : part.
Hypothesis Hradius : forall j, 0 <= radius p j.
Let places : list place := list_prod (seq 0 (horizon M)) S'.
Let D (_ : place) : R := 0.

Lemma no_dot c : dot places D c = 0.
Proof. unfold dot, D. rewrite (rsum_ext _ (fun _ => 0)) by (intros; ring). apply rsum_zero. Qed.

Lemma no_box j : In j places -> Rabs (D j) <= radius p j.
Proof. intros _. unfold D. rewrite Rabs_R0. apply Hradius. Qed.

Section Stage.
Variables (k s : nat).
Hypotheses (Hk : (S k <= horizon M)%nat) (Hs : (s < states M)%nat).
Let h := (horizon M - S k)%nat.
Variables (alpha : nat -> nat -> R) (v' w' : nat -> nat -> nat -> R).
Hypothesis Halpha : mixtures alpha.
Let d (b a t : nat) : R := v' b a t - mid p k t.
Hypothesis Hnext : forall b a t, (b < follower M)%nat -> (a < leader M)%nat -> In t S' -> P M h s a b t <> 0 ->
  below (points p k t) (d b a t) (w' b a t) /\ (k = 0%nat -> d b a t = 0 /\ w' b a t = 0 /\ points p k t = [(0, 0)]).
Variables (m lam : R).

Definition q_with (b a : nat) : R := e * r M h s a b + gamma M * mean (P M h s a b) (v' b a) S' - m.
Definition w_next (b a : nat) : R := u M h s a b + mean (P M h s a b) (w' b a) S'.

(** What a transition adds to the value that is read: of a free state its own, raised to the lowest point. *)
Definition term (kind : leaning) (b a t : nat) : R :=
  if loose_of kind t then Rmax (w' b a t) (lowest (points p k t)) else - (slopes_of kind t * d b a t).

Definition read (kind : leaning) (b a : nat) : R :=
  y_of M p k s (slopes_of kind) (loose_of kind) b a + mean (P M h s a b) (term kind b a) S'.

Definition moved_by (b a : nat) : R := gamma M * mean (P M h s a b) (d b a) S'.

Lemma q_read b a : q_with b a = x_of M e p k s m b a + moved_by b a.
Proof. unfold q_with, x_of, moved_by, d. fold h S'. rewrite mean_minus. ring. Qed.

Lemma row_nonneg b a : (b < follower M)%nat -> (a < leader M)%nat -> forall t, In t S' -> 0 <= P M h s a b t.
Proof. intros Hb Ha. apply (successors M e HM k s a b); assumption. Qed.

Lemma read_above kind b a : (b < follower M)%nat -> (a < leader M)%nat -> w_next b a <= read kind b a.
Proof.
  intros Hb Ha. unfold w_next, read, y_of. fold h S'. rewrite Rplus_assoc, <- mean_plus. apply Rplus_le_compat_l.
  apply mean_le_likely; [now apply row_nonneg|]. intros t Ht Hne. destruct (Hnext b a t Hb Ha Ht Hne) as [[_ Hbelow] _].
  unfold term. destruct (loose_of kind t).
  - pose proof (Rmax_l (w' b a t) (lowest (points p k t))). lra.
  - specialize (Hbelow (slopes_of kind t)). lra.
Qed.

Lemma flat_form kind b C a l : (b < follower M)%nat -> simplex C A -> k = 0%nat \/ frees kind ->
  has_form M e p k s m lam (slope p (S k) s) kind b C a l ->
  applies lam (base_of kind) (mean C (read kind b) A) /\
  majorant_value lam (base_of kind) (mean C (q_with b) A) (mean C (read kind b) A) <= a + dot places D l.
Proof.
  intros Hb HC Hfree Hform. rewrite no_dot, Rplus_0_r. destruct HM as (_ & _ & Hg & _).
  set (c := slope p (S k) s) in *.
  assert (EL : lam + dot places D c = lam) by (rewrite no_dot; ring).
  assert (Hrow : forall i, In i A -> (i < leader M)%nat) by (intros i Hi; apply in_seq in Hi; lia).
  assert (Eq : mean C (q_with b) A = mean C (x_of M e p k s m b) A + mean C (moved_by b) A).
  { rewrite <- mean_plus. apply mean_ext. intros i _. apply q_read. }
  assert (Er : mean C (read kind b) A = mean C (y_of M p k s (slopes_of kind) (loose_of kind) b) A +
    mean C (fun i => mean (P M h s i b) (term kind b i) S') A) by (rewrite <- mean_plus; now apply mean_ext).
  rewrite Eq, Er. clear Eq Er.
  destruct kind as [n sg|kappa sg|kappa sg loose]; unfold has_form in Hform; cbn [base_of slopes_of loose_of] in *;
    cbv zeta in Hform; fold A in Hform; fold S' in Hform; fold places in Hform.
  - set (x := mean C (x_of M e p k s m b) A) in *. set (y := mean C (y_of M p k s sg (fun _ => false) b) A) in *.
    set (push := fun j => mean C (fun i => push_of M k s (fun _ => false) b i j) A) in *.
    set (lean := fun j => mean C (fun i => lean_of M p k s sg (fun _ => false) b i j) A) in *.
    destruct Hform as (Hn & Ha & _). split; [exact Hn|].
    pose proof (up_form places D (radius p) no_box lam c n x y push lean Hn) as U.
    cbv zeta in U. rewrite !no_dot, !Rplus_0_r in U. apply Rle_trans with (2 := Ha), Rle_trans with (2 := U). right.
    assert (Ec : mean C (moved_by b) A + mean C (fun i => mean (P M h s i b) (term (LUp n sg) b i) S') A / n = 0).
    { replace (mean C (fun i => mean (P M h s i b) (term (LUp n sg) b i) S') A) with (- n * mean C (moved_by b) A).
      - field. lra.
      - rewrite <- mean_scale. apply mean_ext. intros i Hi. unfold moved_by. rewrite <- !mean_scale.
        apply mean_ext_likely. intros t Ht Hne. unfold term. cbn [loose_of slopes_of].
        destruct Hfree as [E0|Hf]; [|rewrite Hf; ring].
        destruct (Hnext b i t Hb (Hrow i Hi) Ht Hne) as [_ H0]. destruct (H0 E0) as [-> _]. ring. }
    set (mv := mean C (moved_by b) A) in *. set (T := mean C (fun i => mean (P M h s i b) (term (LUp n sg) b i) S') A) in *.
    unfold majorant_value. f_equal. f_equal.
    replace (x + mv + (y + T - lam) / n - 1) with (x + (y - lam) / n - 1 + (mv + T / n)) by (unfold Rdiv; ring).
    rewrite Ec. ring.
  - destruct Hfree as [E0|[]].
    set (x := mean C (x_of M e p k s m b) A) in *. set (y := mean C (y_of M p k s sg (fun _ => false) b) A) in *.
    set (push := fun j => mean C (fun i => push_of M k s (fun _ => false) b i j) A) in *.
    set (lean := fun j => mean C (fun i => lean_of M p k s sg (fun _ => false) b i j) A) in *.
    assert (E1 : mean C (moved_by b) A = 0).
    { rewrite (mean_ext C _ (fun _ => 0)); [apply mean_const, HC|]. intros i Hi. unfold moved_by.
      rewrite (mean_ext_likely _ _ (fun _ => 0)); [unfold mean; rewrite rsum_scale_r; ring|]. intros t Ht Hne.
      destruct (Hnext b i t Hb (Hrow i Hi) Ht Hne) as [_ H0]. now destruct (H0 E0). }
    assert (E2 : mean C (fun i => mean (P M h s i b) (term (LDown kappa sg) b i) S') A = 0).
    { rewrite (mean_ext C _ (fun _ => 0)); [apply mean_const, HC|]. intros i Hi.
      rewrite (mean_ext_likely _ _ (fun _ => 0)); [unfold mean; rewrite rsum_scale_r; ring|]. intros t Ht Hne.
      unfold term. cbn [loose_of slopes_of].
      destruct (Hnext b i t Hb (Hrow i Hi) Ht Hne) as [_ H0]. destruct (H0 E0) as [-> _]. ring. }
    rewrite E1, E2, !Rplus_0_r. destruct Hform as (theta & Hkp & Hd & H0 & H1 & Ha & _).
    destruct (down_form places D (radius p) no_box lam c kappa theta x y push lean Hkp Hd H0 H1) as [F1 F2].
    rewrite !no_dot, !Rplus_0_r in F1. rewrite !no_dot, !Rplus_0_r in F2. split; [exact F1|]. now apply Rle_trans with (1 := F2).
  - set (x := mean C (x_of M e p k s m b) A) in *. set (y := mean C (y_of M p k s sg loose b) A) in *.
    set (push := fun j => mean C (fun i => push_of M k s loose b i j) A) in *.
    set (lean := fun j => mean C (fun i => lean_of M p k s sg loose b i j) A) in *.
    set (rest := mean C (fun i => mean (P M h s i b) (term (LChord kappa sg loose) b i) S') A).
    set (pull := mean C (moved_by b) A).
    assert (Hterm : forall i t, In i A -> In t S' -> P M h s i b t <> 0 ->
      (if loose t then lowest (points p k t) else 0) <= term (LChord kappa sg loose) b i t <=
      (if loose t then highest (points p k t) else 0) /\
      forall theta, 0 < theta -> theta * term (LChord kappa sg loose) b i t - gamma M * d b i t <=
        (if loose t then steepest M theta (points p k t) else 0)).
    { intros i t Hi Ht Hne. destruct (Hnext b i t Hb (Hrow i Hi) Ht Hne) as [Hbelow H0]. unfold term. cbn [loose_of slopes_of].
      destruct (loose t) eqn:El; [now apply raised_point|]. destruct Hfree as [E0|Hf]; [|rewrite Hf in El; discriminate].
      destruct (H0 E0) as [-> _]. split; [lra|]. intros theta _. lra. }
    assert (Hrest : mean C (free_sum M p k s loose lowest b) A <= rest <= mean C (free_sum M p k s loose highest b) A).
    { split; (apply mean_le; [apply HC|]; intros i Hi; apply mean_le_likely; [now apply row_nonneg; [|apply Hrow]|];
        intros t Ht Hne; now apply (Hterm i t)). }
    assert (Hpull : forall theta, 0 < theta -> theta * rest - pull <= mean C (free_sum M p k s loose (steepest M theta) b) A).
    { intros theta Hth. unfold rest, pull. rewrite <- mean_scale, <- mean_minus. apply mean_le; [apply HC|]. intros i Hi.
      unfold moved_by. rewrite <- !mean_scale, <- mean_minus. apply mean_le_likely; [now apply row_nonneg; [|apply Hrow]|].
      intros t Ht Hne. now apply (Hterm i t). }
    destruct Hform as (chords & Hkp & Hcov & Hch).
    pose proof (reach_nonneg places D (radius p) no_box (tau c lean)) as Rt.
    destruct (Hcov (lam - (y + rest))) as (L & R0 & theta & Hin & HT); [lra|].
    destruct (Hch L R0 theta Hin) as (HL & Hth & Ha & _).
    pose proof (chord_form places D lam c kappa x y push lean pull rest
      (mean C (free_sum M p k s loose (steepest M theta) b) A) L R0 theta Hkp HL) as F.
    rewrite !no_dot, !Rplus_0_r in F. destruct (F HT (Hpull theta Hth)) as [F1 F2].
    split; [exact F1|]. now apply Rle_trans with (1 := F2).
Qed.

(** From trees whose majorants all are free to the same trees with a restricted form. *)
Definition fits (kind : leaning) : Prop := k = 0%nat \/ frees kind.
Definition flat (kind : leaning) (b : nat) (C : nat -> R) (a : R) (l : place -> R) : Prop :=
  has_form M e p k s m lam (slope p (S k) s) kind b C a l /\ fits kind.

Lemma tree_fits cell Mc g : forall T C, (k = 0%nat \/ all_free T) ->
  tree_holds places (radius p) leaning (leader M) (has_form M e p k s m lam (slope p (S k) s)) cell Mc g T C ->
  tree_holds places (radius p) leaning (leader M) flat cell Mc g T C.
Proof.
  induction T as [ms|i j T1 IH1 T2 IH2]; intros C Hf; cbn [tree_holds all_free] in *.
  - intros H i Hi. destruct (H i Hi) as (a & l & Ha & Hl). exists a, l. split; [|exact Hl].
    intros b Hb. split; [now apply Ha|]. destruct Hf as [E0|Hf]; [now left|right; apply Hf].
  - intros (Hi & Hj & Hij & H1 & H2). repeat split; try assumption.
    + apply IH1; [|assumption]. destruct Hf as [E0|[Hf _]]; [now left|now right].
    + apply IH2; [|assumption]. destruct Hf as [E0|[_ Hf]]; [now left|now right].
Qed.

Lemma cells_fit : forall cells proofs, (k = 0%nat \/ forall x, In x proofs -> all_free (fst (fst x))) ->
  cells_hold places (radius p) leaning (leader M) (has_form M e p k s m lam (slope p (S k) s)) cells proofs ->
  cells_hold places (radius p) leaning (leader M) flat cells proofs.
Proof.
  induction cells as [|cell cells IH]; intros [|[[T Mc] g] proofs] Hf; cbn [cells_hold]; try tauto.
  intros [H1 H2]. split.
  - apply tree_fits; [|assumption]. destruct Hf as [E0|Hf]; [now left|right]. apply (Hf (T, Mc, g)). now left.
  - apply IH; [|assumption]. destruct Hf as [E0|Hf]; [now left|right]. intros x Hx. apply Hf. now right.
Qed.

Theorem strategy_sum G ts : (k = 0%nat \/ forall T, In T ts -> all_free T) ->
  sum_shown M e p k s m lam (slope p (S k) s) G ts ->
  exp (v_with h s alpha v' - m) * (w_with h s alpha v' w' - lam) <= G.
Proof.
  intros Hf (proofs & Ets & Hcells & HG). apply Rle_trans with (2 := HG). apply cells_fit in Hcells.
  2:{ destruct Hf as [E0|Hf]; [now left|right]. intros x Hx. apply Hf. rewrite <- Ets. exact (in_map _ _ _ Hx). }
  destruct HM as (Ee & He & _ & _ & HB & Hpart & _ & _). destruct Halpha as [Hsx Heq].
  pose proof (cells_sum places D (radius p) no_box leaning (leader M) lam q_with w_next base_of
    read flat (fun b => (b < follower M)%nat)
    (fun kind b a Hb Ha => read_above kind b a Hb Ha) (fun kind b C a l Hb HC HF => flat_form kind b C a l Hb HC (proj2 HF) (proj1 HF))
    alpha (observes M) proofs
    (fun cell Hc => partition_nonempty _ _ cell Hpart Hc)
    (fun cell b Hc Hb => conj (partition_member _ _ cell b Hpart Hc Hb) (Hsx b (partition_member _ _ cell b Hpart Hc Hb)))
    (fun cell b b' a Hc Hb Hb' => Heq cell b b' a Hc Hb Hb') Hcells) as F.
  apply Rle_trans with (2 := F).
  rewrite <- (rsum_cells (follower M) (observes M)) by assumption. fold B.
  set (v := v_with h s alpha v'). set (w := w_with h s alpha v' w').
  assert (Ev : exp v = rsum (fun b => exp (exponent_with h s alpha v' b)) B).
  { unfold v, v_with. apply exp_ln. apply rsum_pos; [|intros; apply exp_pos]. exact (replies_nonempty M e HM). }
  assert (Ew : exp v * w = rsum (fun b => exp (exponent_with h s alpha v' b) * worth_with h s alpha w' b) B).
  { unfold w, w_with. fold v. rewrite <- Rmult_assoc, <- exp_plus, Rplus_opp_r, exp_0. apply Rmult_1_l. }
  rewrite (rsum_ext _ (fun b => exp (- m) * (exp (exponent_with h s alpha v' b) * worth_with h s alpha w' b -
    lam * exp (exponent_with h s alpha v' b)))).
  - rewrite rsum_scale, rsum_minus, rsum_scale, <- Ev, <- Ew. unfold Rminus at 1. rewrite exp_plus. right. ring.
  - intros b Hb. apply in_seq in Hb. specialize (Hsx b ltac:(lia)).
    assert (Eq : mean (alpha b) (q_with b) (seq 0 (leader M)) = exponent_with h s alpha v' b - m).
    { unfold q_with, exponent_with. now rewrite mean_minus, mean_const by apply Hsx. }
    rewrite Eq. unfold Rminus at 1. rewrite exp_plus.
    change (mean (alpha b) (w_next b) (seq 0 (leader M))) with (worth_with h s alpha w' b). ring.
Qed.
End Stage.

(** *** Backward over steps *)
Hypothesis Hint : intervals_hold M e reachable p no_end no_end.
Hypothesis Hmid : middles_hold M reachable p.
Hypothesis Hclaims : claims_hold M e reachable p.
Hypothesis Hmemory : for_memory p.

Lemma mean_between C f lo' hi' : simplex C S' -> (forall t, In t S' -> C t <> 0 -> lo' t <= f t <= hi' t) ->
  mean C lo' S' <= mean C f S' <= mean C hi' S'.
Proof. intros [HC _] H. split; apply mean_le_likely; try assumption; intros t Ht Hne; now apply H. Qed.

Lemma lottery_between (F : R -> R -> Prop) lo' hi' v w : (forall v w, F v w -> lo' <= v <= hi') -> lottery F v w -> lo' <= v <= hi'.
Proof.
  intros HF (n & omega & d & f & Hs & Hi & -> & _). split; [apply mean_lower|apply mean_upper]; try assumption;
    intros i Hin; apply in_seq in Hin; apply (HF (d i) (f i)), Hi; lia.
Qed.

Lemma strategy_in_intervals : forall k s v w, is_place M reachable k s -> strategy k s v w -> lo p k s <= v <= hi p k s.
Proof.
  destruct HM as (_ & He & Hg & _ & HB & _). destruct Hclosed as [_ Hc]. destruct Hint as [H0 H].
  induction k as [|k IH]; intros s v w [Hk [Hs Hr]]; cbn [strategy].
  - intros [-> _]. now apply H0.
  - intros (alpha & v' & w' & [Hsx _] & Hl & -> & _). set (h := (horizon M - S k)%nat) in *.
    destruct (H k s (conj Hk (conj Hs Hr))) as [HL HH].
    assert (Hrow : forall a b, (a < leader M)%nat -> (b < follower M)%nat ->
      mean (P M h s a b) (lo p k) S' <= mean (P M h s a b) (v' b a) S' <= mean (P M h s a b) (hi p k) S').
    { intros a b Ha Hb. apply mean_between; [apply (successors M e HM k s a b); lia|]. intros t Ht Hne. apply in_seq in Ht.
      apply (lottery_between (strategy k t) _ _ (v' b a t) (w' b a t)); [|apply Hl; lia].
      intros v0 w0 Hvw. apply (IH t v0 w0); [|assumption]. repeat split; try lia. apply (Hc k s a b t); assumption || lia. }
    assert (HBne : B <> []) by exact (replies_nonempty M e HM).
    unfold v_with. split.
    + destruct HL as [(a & Ea & _)|(f & Hf & Lf)]; [discriminate|]. apply Rle_trans with (1 := Lf).
      apply ln_mono; [apply rsum_pos; [exact HBne|intros; apply exp_pos]|].
      apply rsum_le. intros b Hb. apply in_seq in Hb. apply exp_mono. apply mean_lower; [apply Hsx; lia|].
      intros a Ha. apply in_seq in Ha. eapply Rle_trans; [apply (Hf a b); lia|].
      apply Rplus_le_compat_l, Rmult_le_compat_l; [assumption|]. apply Hrow; lia.
    + destruct HH as [(a & Ea & _)|(f & Hf & Lf)]; [discriminate|]. apply Rle_trans with (2 := Lf).
      apply ln_mono; [apply rsum_pos; [exact HBne|intros; apply exp_pos]|].
      apply rsum_le. intros b Hb. apply in_seq in Hb. apply exp_mono. apply mean_upper; [apply Hsx; lia|].
      intros a Ha. apply in_seq in Ha. eapply Rle_trans; [|apply (Hf a b); lia].
      apply Rplus_le_compat_l, Rmult_le_compat_l; [assumption|]. apply Hrow; lia.
Qed.

(** One step, given the claims of the next. *)
Lemma step_sum k s v w m lam G ts : (S k <= horizon M)%nat -> (s < states M)%nat -> reachable (S k) s = true ->
  (forall t v w, is_place M reachable k t -> strategy k t v w -> below (points p k t) (v - mid p k t) w) ->
  (k = 0%nat \/ forall T, In T ts -> all_free T) ->
  sum_shown M e p k s m lam (slope p (S k) s) G ts -> strategy (S k) s v w -> exp (v - m) * (w - lam) <= G.
Proof.
  intros Hk Hs Hr HS Hf Hsum (alpha & v' & w' & Ha & Hl & -> & ->). destruct Hclosed as [_ Hc].
  apply (strategy_sum k s Hk Hs alpha v' w' Ha) with (ts := ts); try assumption.
  intros b a t Hb Haa Ht Hne. apply in_seq in Ht.
  assert (Hplace : is_place M reachable k t) by (repeat split; try lia; apply (Hc k s a b t); assumption || lia).
  pose proof (Hl b a t Hb Haa ltac:(lia)) as L. split.
  - apply (lottery_is_below (strategy k t)); [|exact L]. intros v0 w0. now apply HS.
  - intros ->. destruct Hmid as [Hm _]. destruct Hclaims as [H0 _].
    destruct L as (n & omega & d & f & Hsx & Hi & E1 & E2). rewrite (Hm t) by lia.
    assert (Z1 : mean omega d (seq 0 n) = 0).
    { rewrite (mean_ext omega d (fun _ => 0)); [apply mean_const, Hsx|]. intros i Hin. apply in_seq in Hin. now apply (Hi i). }
    assert (Z2 : mean omega f (seq 0 n) = 0).
    { rewrite (mean_ext omega f (fun _ => 0)); [apply mean_const, Hsx|]. intros i Hin. apply in_seq in Hin. now apply (Hi i). }
    split; [lra|]. split; [lra|]. apply H0. lia.
Qed.

Lemma pieces_reach k s v w m : (S k < horizon M)%nat -> (s < states M)%nat -> reachable (S k) s = true ->
  (forall t v w, is_place M reachable k t -> strategy k t v w -> below (points p k t) (v - mid p k t) w) ->
  strategy (S k) s v w -> m = mid p (S k) s -> forall l start,
  (k = 0%nat \/ forall q, In q l -> forall T, In T (trees_here q) -> all_free T) ->
  start <= v - m <= hi p (S k) s - m -> pieces_hold M e p k s start (hi p (S k) s - m) l ->
  below (points p (S k) s) (v - m) w.
Proof.
  intros Hk Hs Hr HS Hv Em.
  assert (one : forall start q, (k = 0%nat \/ forall T, In T (trees_here q) -> all_free T) ->
    start <= v - m <= stop q -> piece_holds M e p k s start q -> below (points p (S k) s) (v - m) w).
  { intros start q Hf Hd (G & middle & K & K' & Hsum & H1 & H2 & B1 & B2).
    apply (piece_below (points p (S k) s) G middle (at_most_here q) start (stop q) _ _ K K' Hd H1 H2 B1 B2).
    rewrite <- Em in Hsum.
    pose proof (step_sum k s v w _ _ G (trees_here q) ltac:(lia) Hs Hr HS Hf Hsum Hv) as St. now apply value_from_sum in St. }
  intros l. induction l as [|q l IH]; intros start Hf Hd; [intros F; exfalso; apply F; lra|].
  assert (Hq1 : k = 0%nat \/ forall T, In T (trees_here q) -> all_free T).
  { destruct Hf as [E0|Hf]; [now left|right]. apply Hf. now left. }
  destruct l as [|q' l'].
  - intros [Hq Hlast]. apply (one start q); [assumption|lra|assumption].
  - intros [Hq Hrest]. destruct (Rle_or_lt (v - m) (stop q)) as [L|L].
    + apply (one start q); [assumption|lra|assumption].
    + apply (IH (stop q)); [|lra|assumption]. destruct Hf as [E0|Hf]; [now left|right]. intros x Hx. apply Hf. now right.
Qed.

Theorem strategies_below : forall k s v w, is_place M reachable k s -> strategy k s v w ->
  below (points p k s) (v - mid p k s) w.
Proof.
  destruct Hclaims as [H0 Hc]. induction k as [|k IH]; intros s v w Hplace Hv.
  - destruct Hplace as (_ & Hs & _). destruct Hv as [-> ->]. destruct (H0 s Hs) as [-> _]. destruct Hmid as [Hm _].
    rewrite (Hm s Hs), Rminus_0_r. exact below_nothing.
  - pose proof Hplace as (Hk & Hs & Hr). destruct (Hc k s Hplace) as (start & Hstart & Hp).
    pose proof (strategy_in_intervals (S k) s v w Hplace Hv) as Hi.
    apply (pieces_reach k s v w (mid p (S k) s) Hk Hs Hr IH Hv eq_refl (pieces p (S k) s) start); [|lra|assumption].
    destruct (Nat.eq_dec k 0) as [E0|Hne]; [now left|right]. intros q Hq. apply (Hmemory k s q); [lia|now right].
Qed.

Theorem memory_bound upper v w : first_holds M e reachable p upper ->
  (forall s, (s < states M)%nat -> rho M s <> 0 -> lottery (strategy (horizon M) s) (v s) (w s)) ->
  mean (rho M) w S' <= upper.
Proof.
  intros [Hf Hsum] Hv. apply Rle_trans with (2 := Hsum). pose proof HM as (_ & _ & _ & HH & _ & _ & [Hrho _] & _).
  destruct Hclosed as [Hfirst _].
  apply Rle_trans with (mean (rho M) (fun s => at_most_here (first p s)) S').
  - apply mean_le_likely; [assumption|]. intros s Hs Hne. apply in_seq in Hs.
    pose proof (Hfirst s ltac:(lia) Hne) as Hr. assert (EH : S (horizon M - 1) = horizon M) by lia.
    set (k := (horizon M - 1)%nat) in EH. destruct (Hv s ltac:(lia) Hne) as (n & omega & d & f & Hsx & Hi & _ & ->).
    apply mean_upper; [assumption|]. intros i Hin. apply in_seq in Hin. pose proof (Hi i ltac:(lia)) as Hst.
    rewrite <- EH in Hr, Hst. pose proof (Hf k s EH ltac:(lia) Hr) as Hshown.
    assert (Hfr : k = 0%nat \/ forall T, In T (trees_here (first p s)) -> all_free T).
    { destruct (Nat.eq_dec k 0) as [E0|Hk0]; [now left|right]. apply (Hmemory k s (first p s)); [lia|now left]. }
    pose proof (step_sum k s _ _ _ _ 0 _ ltac:(lia) ltac:(lia) Hr (strategies_below k) Hfr Hshown Hst) as St.
    exact (value_from_nonpositive_sum _ _ 0 _ St (Rle_refl 0)).
  - assert (0 <= reach places (radius p) (fun j => mean (rho M) (fun s => slope p (horizon M) s j) S')).
    { apply (reach_nonneg places D (radius p) no_box). }
    unfold places, S' in *. lra.
Qed.
End Part.

(** A certificate of one part with free places, whose inequalities hold, bounds every leader who remembers. *)
Theorem memory_certificate_sound reachable p upper : is_farsighted M e -> closed M reachable ->
  for_memory p -> part_holds M e reachable p no_end no_end upper ->
  forall v w, (forall s, (s < states M)%nat -> rho M s <> 0 -> lottery (strategy (horizon M) s) (v s) (w s)) ->
  mean (rho M) w S' <= upper.
Proof.
  intros HM Hc Hmem (Hi & Hm & Hcl & Hf) v w.
  apply (memory_bound reachable HM Hc p (proj1 (proj2 Hm)) Hi Hm Hcl Hmem); assumption.
Qed.
End Model.
